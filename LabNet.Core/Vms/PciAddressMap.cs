using System.Collections.Immutable;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>The PCI bus seen by its addresses: a pure function of <c>query-pci</c> and the memory map.</summary>
public sealed class PciAddressMap
{
    /// <summary>QEMU's answer for a register without an address: the guest gave it none, or has it switched off.</summary>
    private const long Unassigned = -1;

    /// <summary>The generic PCIe host bridge (hw/pci-host/gpex.c) shows the bus's I/O ports as memory, where the vCPUs have no ports.</summary>
    private const string PortWindow = "gpex_ioport_window";

    private PciAddressMap(MemoryMap map, ImmutableArray<PciBar> bars, ImmutableArray<PciBridgeWindow> windows) =>
        (Map, Bars, Windows) = (map, bars, windows);

    public MemoryMap Map { get; }

    /// <summary>By space and address.</summary>
    public ImmutableArray<PciBar> Bars { get; }

    /// <summary>Those that are open, by space and address.</summary>
    public ImmutableArray<PciBridgeWindow> Windows { get; }

    /// <summary>Asked one after the other: a guest that just moves a register may be seen half-way.</summary>
    /// <exception cref="QmpException"/>
    public static async Task<PciAddressMap> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var map = await vm.ReadMemoryMapAsync(cancellationToken);
        return Of(map, await vm.ReadAsync(PciCommands.QueryPci, cancellationToken));
    }

    /// <summary>A pure function of what QEMU answered.</summary>
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
        Map[space].Find(address),
        Bars.LastOrDefault(bar => bar.Holds(space, address)),
        Windows.Where(window => window.Space == space && address >= window.Start && address <= window.End)
            .MinBy(window => window.End - window.Start));

    /// <summary>Registers that were given an address, lost it or have another one now; known again by device and number.</summary>
    /// <returns>By the device's place on the bus, then by number.</returns>
    public static ImmutableArray<PciBarChange> Between(PciAddressMap before, PciAddressMap now)
    {
        var old = before.Bars.DistinctBy(Key).ToDictionary(Key);
        var current = now.Bars.DistinctBy(Key).ToDictionary(Key);
        return
        [
            .. old.Keys.Union(current.Keys)
                .Select(key => new PciBarChange(old.GetValueOrDefault(key), current.GetValueOrDefault(key)))
                .Where(change => change.Before?.Start != change.Now?.Start)
                .OrderBy(change => change.Bar.PciAddress, StringComparer.Ordinal)
                .ThenBy(change => change.Bar.Bar),
        ];

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
