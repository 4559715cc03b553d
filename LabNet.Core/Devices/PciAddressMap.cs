using System.Collections.Immutable;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>A base address register that has been given an address.</summary>
/// <param name="QdevId">Its device's id; null for one without.</param>
/// <param name="PciAddress">Bus, slot and function as lspci writes them, such as <c>00:03.0</c>.</param>
/// <param name="Description">QEMU's words for the device's class; null where it has none.</param>
/// <param name="Bar">0 to 5; 6 is the expansion ROM.</param>
/// <param name="Space">Where the vCPUs reach it.</param>
/// <param name="End">The last address, itself included.</param>
public sealed record PciBar(string? QdevId, string PciAddress, string? Description, int Bar, AddressSpace Space, ulong Start, ulong End)
{
    private const int ExpansionRom = 6;

    /// <summary>What QEMU calls its device: the id, or the place on the bus.</summary>
    public string Device => QdevId ?? PciAddress;

    /// <summary>Such as <c>BAR 4 of vda</c>.</summary>
    public string Words => Bar == ExpansionRom ? $"expansion ROM of {Device}" : $"BAR {Bar} of {Device}";

    public bool Holds(AddressSpace space, ulong address) => Space == space && address >= Start && address <= End;

    /// <summary>
    /// Whether the range is a part of what this register opens, and not what lies below it and shows through: a host bridge's window goes
    /// on between the registers of a device.
    /// </summary>
    public bool Opens(AddressSpace space, MemoryRange range) =>
        Holds(space, range.Start)
        && Holds(space, range.End)
        && ((range.RegionStart >= Start && range.RegionStart <= End) || (QdevId is not null && range.Owner?.IsOrBelongsTo(QdevId) is true));
}

/// <summary>Addresses that a bridge hands on to the bus behind it.</summary>
/// <param name="Bridge">Its id, or its place on the bus.</param>
public sealed record PciBridgeWindow(string Bridge, int SecondaryBus, AddressSpace Space, ulong Start, ulong End);

/// <summary>Where an address lies.</summary>
/// <param name="Range">What answers there; null where nothing does.</param>
/// <param name="Bar">The register whose addresses it is among; the device need not have anything there.</param>
/// <param name="Window">The narrowest window of a bridge that it is in.</param>
public sealed record AddressPlace(AddressSpace Space, ulong Address, MemoryRange? Range, PciBar? Bar, PciBridgeWindow? Window)
{
    /// <summary>Such as <c>0xfebc8134 is BAR 4 of vda + 0x134</c>.</summary>
    public string Words => $"{MemoryAddress.ShortText(Address)} {What}{Through}";

    private string What => this switch
    {
        { Bar: { } bar, Range: null } => $"is {bar.Words}{Plus(bar.Start)}, where nothing answers",
        { Bar: { } bar, Range: { } range } when !bar.Opens(Space, range) => $"is {bar.Words}{Plus(bar.Start)}, where {range.Name} answers instead of the device",
        { Bar: { } bar } => $"is {bar.Words}{Plus(bar.Start)}",
        { Range: { } range } => $"is {range.Name}{Plus(range.RegionStart)}{(range.Owner is { } owner ? $" of {owner}" : "")}",
        _ => "is in no range: nothing answers there",
    };

    private string Through => Bar is null && Window is { } window ? $"; the bridge {window.Bridge} hands it on to bus {window.SecondaryBus:x2}" : "";

    private string Plus(ulong start) => Address == start ? "" : $" + {MemoryAddress.ShortText(unchecked(Address - start))}";
}

/// <summary>The PCI bus seen by its addresses: a pure function of <c>query-pci</c> and the memory map.</summary>
public sealed class PciAddressMap
{
    /// <summary>QEMU's answer for a register without an address: the guest gave it none, or has it switched off.</summary>
    private const long Unassigned = -1;

    /// <summary>The generic PCIe host bridge (hw/pci-host/gpex.c) shows the bus's I/O ports as memory, where the vCPUs have no ports.</summary>
    private const string PortWindow = "gpex_ioport_window";

    private readonly MemoryMap _map;

    private PciAddressMap(MemoryMap map, ImmutableArray<PciBar> bars, ImmutableArray<PciBridgeWindow> windows) =>
        (_map, Bars, Windows) = (map, bars, windows);

    /// <summary>By space and address.</summary>
    public ImmutableArray<PciBar> Bars { get; }

    /// <summary>Those that are open, by space and address.</summary>
    public ImmutableArray<PciBridgeWindow> Windows { get; }

    public static PciAddressMap Of(MemoryMap map, IEnumerable<PciBus> buses)
    {
        var functions = buses.SelectMany(bus => bus.Devices).SelectMany(WithThoseBehind).ToList();
        var ports = PortsOf(map);
        return new PciAddressMap(
            map,
            [.. functions.SelectMany(function => BarsOf(function, ports)).OrderBy(bar => bar.Space).ThenBy(bar => bar.Start)],
            [.. functions.SelectMany(function => WindowsOf(function, ports)).OrderBy(window => window.Space).ThenBy(window => window.Start)]);
    }

    /// <summary>The register that opened a range; null for what is not on the PCI bus.</summary>
    public PciBar? BarOf(AddressSpace space, MemoryRange range) => Bars.LastOrDefault(bar => bar.Opens(space, range));

    public AddressPlace Find(AddressSpace space, ulong address) => new(
        space,
        address,
        _map[space].Find(address),
        Bars.LastOrDefault(bar => bar.Holds(space, address)),
        Windows.Where(window => window.Space == space && address >= window.Start && address <= window.End)
            .MinBy(window => window.End - window.Start));

    /// <summary>Registers that have another address now; the device and the register are the same.</summary>
    public static ImmutableArray<(PciBar Before, PciBar Now)> Moved(PciAddressMap before, PciAddressMap now)
    {
        var old = before.Bars.DistinctBy(Key).ToDictionary(Key);
        return [.. from bar in now.Bars.DistinctBy(Key) where old.TryGetValue(Key(bar), out var was) && was.Start != bar.Start select (old[Key(bar)], bar)];

        static (string, int) Key(PciBar bar) => (bar.Device, bar.Bar);
    }

    private static IEnumerable<PciBar> BarsOf(PciFunction function, (AddressSpace Space, ulong Start) ports) =>
        from region in function.Regions
        where region is { Address: not Unassigned, Size: > 0 }
        let place = Place(region.Type == "io", (ulong)region.Address, ports)
        let end = place.Start + (ulong)region.Size - 1
        where end >= place.Start
        select new PciBar(IdOf(function), AddressOf(function), function.ClassInfo.Desc, region.Bar, place.Space, place.Start, end);

    private static IEnumerable<PciBridgeWindow> WindowsOf(PciFunction function, (AddressSpace Space, ulong Start) ports)
    {
        if (function.PciBridge?.Bus is not { } bus)
        {
            return [];
        }

        (bool IsIo, PciWindow Window)[] windows = [(true, bus.IoRange), (false, bus.MemoryRange), (false, bus.PrefetchableRange)];
        return from one in windows
               where one.Window.Limit > one.Window.Base
               let start = Place(one.IsIo, (ulong)one.Window.Base, ports)
               select new PciBridgeWindow(
                   IdOf(function) ?? AddressOf(function), bus.Secondary, start.Space, start.Start, start.Start + (ulong)(one.Window.Limit - one.Window.Base));
    }

    private static (AddressSpace Space, ulong Start) Place(bool isIo, ulong address, (AddressSpace Space, ulong Start) ports) =>
        isIo ? (ports.Space, unchecked(ports.Start + address)) : (AddressSpace.Memory, address);

    private static (AddressSpace Space, ulong Start) PortsOf(MemoryMap map) =>
        map[AddressSpace.Memory].Ranges.FirstOrDefault(range => range.Name == PortWindow) is { } window
            ? (AddressSpace.Memory, window.RegionStart)
            : (AddressSpace.Io, 0);

    private static string? IdOf(PciFunction function) => function.QdevId.Length == 0 ? null : function.QdevId;

    private static string AddressOf(PciFunction function) => $"{function.Bus:x2}:{function.Slot:x2}.{function.Function}";

    private static IEnumerable<PciFunction> WithThoseBehind(PciFunction function) =>
        (function.PciBridge?.Devices ?? []).SelectMany(WithThoseBehind).Prepend(function);
}
