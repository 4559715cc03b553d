using LabNet.Core.PciModels;

namespace LabNet.Tests.PciModels;

/// <summary>A device with something of each.</summary>
internal static class SampleModel
{
    public const string Yaml = """
        name: labnet-sample
        title: A device with something of each
        vendor: 0x1234
        device: 0x4c4e
        bars:
          - bar: 0
            size: 4096
            about: "Registers."
            registers:
              - { name: ID, offset: 0x000, access: ro, reset: 0x31454e4c, about: "LNE1 in ASCII." }
              - { name: SCRATCH, offset: 0x008, access: rw, reset: 0, about: "Keeps what was written." }
              - name: STATUS
                offset: 0x00c
                access: w1c
                mask: 0x3f
                set-by: RAISE
                fields: [ { name: BUSY, bits: "0", about: "At work." }, { name: LEVEL, bits: "5-4", about: "How full." } ]
              - { name: RAISE, offset: 0x010, access: wo, clears: 0x1, allowed: { min: 10, max: 20, also: [0] } }
              - { name: STATE, offset: 0x014, access: ro, values: { 0: "IDLE", 1: "RUNNING, a run is under way" } }
              - { name: COUNTER, offset: 0x018, width: 64, access: ro, reset-property: start }
          - { bar: 2, size: 65536, kind: memory, about: "Memory." }
          - { bar: 4, kind: msix, vectors: 8 }
        properties:
          - { name: start, type: uint32, default: 0, min: 1, max: 0x10, power-of-two: true, about: "Where COUNTER begins." }
          - { name: msi, type: bool, default: true }
          - { name: word, type: text, required: true }
        """;

    public static PciModel Model { get; } = PciModelFile.Parse(Yaml).Model!;
}
