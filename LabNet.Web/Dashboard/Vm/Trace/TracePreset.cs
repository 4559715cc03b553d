using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>One button of a preset.</summary>
public sealed record TraceChoice(string Label, ImmutableArray<string> Patterns)
{
    public IEnumerable<TraceEventSwitch> Switches(bool enabled) => Patterns.Select(pattern => new TraceEventSwitch(pattern, enabled));

    public bool IsOn(ImmutableArray<TraceEventSwitch> inForce) => Patterns.All(pattern => inForce.Any(one => one.Enabled && one.Pattern == pattern));

    /// <summary>Those that a QEMU has; what it was not built with is left out.</summary>
    public TraceChoice Of(TraceNameList names) => this with { Patterns = [.. Patterns.Where(names.Has)] };
}

/// <summary>Trace events that are switched on together, with what that costs the guest.</summary>
/// <param name="Cost">From measurements where there are some; the words say which.</param>
public sealed record TracePreset(string Title, string What, string Cost, ImmutableArray<TraceChoice> Choices)
{
    private static readonly TraceChoice Virtio = new("virtio-blk", ["virtio_blk_*"]);
    private static readonly TraceChoice Nvme = new("NVMe", ["pci_nvme_read", "pci_nvme_write", "pci_nvme_rw_cb"]);
    private static readonly TraceChoice Scsi = new("SCSI", ["virtio_scsi_cmd_*", "scsi_req_*"]);

    /// <summary>What register accesses cost; they are chosen by device.</summary>
    public const string CostOfRegisters =
        "Measured on a busy AHCI disk: 74,000 events a second made the same work take 1.5 times as long. QEMU writes down the accesses to all devices; the filter decides what is kept.";

    public static IReadOnlyList<TracePreset> Of(Architecture architecture) =>
    [
        new(
            "Block I/O",
            "Each request of the guest's disks, from its begin to its end: sector, length, latency.",
            "Measured: 16,000 events a second made dd with 4 KiB blocks take 1.13 times as long.",
            [Virtio, Nvme, Scsi]),
        new(
            "Block layers",
            "What becomes of a request on the host: QEMU's block layer, qcow2, the thread pool, the file.",
            "Measured together with block I/O: 47,000 events a second made the same dd take 1.8 times as long.",
            [new("All layers", ["thread_pool_*", "qcow2_*", "blk_co_*", "file_*"])]),
        new(
            "PCI configuration",
            "Reads and writes of configuration space: who is found, which windows and interrupts it is given.",
            "Measured on x86: lspci again and again, 1,700 events a second, took QEMU no more CPU time that could be told, less than 10 %. A guest that has booted writes hardly any.",
            [new("All functions", ["pci_cfg_*"])]),
        new(
            "Interrupts",
            architecture == Architecture.X86_64 ? "What the APICs deliver, and which virtio queue asked for it." : "What the GIC is told and what the vCPUs take from it, and which virtio queue asked for it.",
            "Measured on x86: dd with 4 KiB blocks, 4,600 events a second, took QEMU no more CPU time that could be told, less than 25 %.",
            [new("Controller and virtio", architecture == Architecture.X86_64
                ? ["apic_deliver_irq", "apic_local_deliver", "ioapic_set_irq", "virtio_notify*"]
                : ["gic_set_irq", "gicv3_*_set_irq", "gicv3_icc_iar1_read", "gicv3_icc_eoir_write", "virtio_notify*"])]),
        new(
            "Network",
            "What the NICs are told and what they receive. A kick of virtio's queues does not say of which device; a disk's look the same.",
            "Measured with virtio-net on x86: ping -f, 2,900 events a second, took QEMU 1.11 times the CPU time (1.02 to 1.20). e1000e writes several events a packet and was not measured.",
            [new("virtio-net", ["virtio_net_*", "virtio_queue_notify"]), new("e1000e", ["e1000e_rx_*", "e1000e_tx_*", "net_rx_pkt_*"])]),
    ];

    /// <summary>The requests of a disk of that QEMU type; null of what is no disk.</summary>
    public static TraceChoice? RequestsOf(string? deviceType) => deviceType switch
    {
        null => null,
        _ when deviceType.StartsWith("virtio-blk", StringComparison.Ordinal) => Virtio,
        _ when deviceType.StartsWith("nvme", StringComparison.Ordinal) => Nvme,
        _ when deviceType.Contains("scsi", StringComparison.Ordinal) => Scsi,
        _ => null,
    };
}
