using System.Text.Json.Nodes;

namespace LabNet.Tests.Pci;

/// <summary>Where each architecture's machine has what a PCI device needs. No firmware runs: what it would set up, a test does.</summary>
/// <param name="Ram">Memory that nothing else uses, of 128 MiB from address 0 or from here on.</param>
/// <param name="Window">Where BARs can be put.</param>
internal sealed record PciMachine(string Architecture, IReadOnlyList<string> Options, ulong Ram, ulong Window)
{
    private const int AddressPort = 0xcf8;
    private const int DataPort = 0xcfc;
    private const ulong Ecam = 0x3f000000;

    public static PciMachine Of(string architecture) => architecture == "x86_64"
        ? new PciMachine(architecture, ["-M", "q35", "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"], Ram: 0x200000, Window: 0xe0000000)
        : new PciMachine(architecture, ["-M", "virt,highmem=off"], Ram: 0x40000000, Window: 0x10000000);

    public ulong RamEnd => (HasPorts ? 0 : Ram) + (128UL << 20);

    private bool HasPorts => Architecture == "x86_64";

    /// <param name="where">Bus, device and function as in a configuration address: bus 8 bits, device 5, function 3.</param>
    public uint ReadConfig(QtestClient qtest, int where, int offset, int bytes)
    {
        if (!HasPorts)
        {
            return (uint)qtest.Read(Ecam + ((ulong)where << 12) + (ulong)offset, bytes);
        }

        qtest.Out(AddressPort, ConfigAddress(where, offset));
        return qtest.In(DataPort + (offset & 3), bytes);
    }

    public void WriteConfig(QtestClient qtest, int where, int offset, int bytes, uint value)
    {
        if (HasPorts)
        {
            qtest.Out(AddressPort, ConfigAddress(where, offset));
            qtest.Out(DataPort + (offset & 3), bytes, value);
        }
        else
        {
            qtest.Write(Ecam + ((ulong)where << 12) + (ulong)offset, bytes, value);
        }
    }

    public void InterceptInterrupts(QtestQemu qemu) => qemu.Qtest.InterceptInterrupts(HasPorts ? "ioapic" : PathOf(qemu, "arm_gic"));

    /// <summary>PCI's lines only: on a PC the interval timer's comes and goes with the clock.</summary>
    public bool IsInterrupted(QtestClient qtest) => qtest.Raised.Any(line => !HasPorts || line >= 16);

    private static uint ConfigAddress(int where, int offset) => 0x80000000u | ((uint)where << 8) | ((uint)offset & 0xfc);

    private static string PathOf(QtestQemu qemu, string type) => "/machine/unattached/" +
        qemu.Execute("qom-list", new JsonObject { ["path"] = "/machine/unattached" })!.AsArray().Single(child => (string)child!["type"]! == $"child<{type}>")!["name"];
}
