using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

/// <summary>Memory maps of real VMs.</summary>
internal static class MemoryMaps
{
    /// <summary>A machine under KVM with a display, whose names have spaces; 5 GiB, so that RAM lies above 4 GiB too.</summary>
    public const string Kvm = "7.2-x86_64-kvm";

    public static readonly TheoryData<string> Machines = [.. Recording.Machines.Select(row => row.Data), Kvm];

    public static string Text(string machine) => Recording.Printed(machine, "hmp-mtree-f-o");

    public static MemoryMap Of(string machine) => MemoryTreeText.Parse(Text(machine));

    public static PciBus[] Pci(string machine) =>
        JsonSerializer.Deserialize(Recording.Return(machine, "query-pci"), PciCommands.QueryPci.ReturnType)!;

    public static PciAddressMap PciOf(string machine) => PciAddressMap.Of(Of(machine), Pci(machine));

    /// <summary>A machine's text with pages of its memory at another place; QEMU prints ranges by address.</summary>
    public static string Moved(string text, ulong from, ulong to, ulong sizeBytes)
    {
        for (ulong page = 0; page < sizeBytes; page += 0x1000)
        {
            text = text.Replace($"{from + page:x16}-{from + page + 0xfff:x16}", $"{to + page:x16}-{to + page + 0xfff:x16}", StringComparison.Ordinal);
        }

        var views = text.Split("FlatView ").Select(view => view.Split("\r\n"));
        return string.Join("FlatView ", views.Select(lines => string.Join("\r\n", [.. lines.Where(IsNoRange).SkipLast(2), .. lines.Where(line => !IsNoRange(line)).Order(StringComparer.Ordinal), .. lines.TakeLast(2)])));
    }

    private static bool IsNoRange(string line) => !line.Contains(" (prio ", StringComparison.Ordinal);
}
