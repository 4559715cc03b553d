using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class PciAddressMapTests
{
    [Theory]
    [MemberData(nameof(MemoryMaps.Machines), MemberType = typeof(MemoryMaps))]
    public void What_a_device_with_an_id_shows_lies_in_one_of_its_own_BARs(string machine)
    {
        var (map, pci) = (MemoryMaps.Of(machine), MemoryMaps.PciOf(machine));
        var owned = map.Spaces.SelectMany(space => space.Ranges.Select(range => (space.Space, Range: range))).Where(one => one.Range.Owner?.QdevId is not null).ToList();
        Assert.NotEmpty(owned);
        Assert.All(owned, one => Assert.Equal(one.Range.Owner!.QdevId, pci.BarOf(one.Space, one.Range)?.QdevId));
    }

    [Theory]
    [MemberData(nameof(MemoryMaps.Machines), MemberType = typeof(MemoryMaps))]
    public void What_is_on_no_bus_has_no_BAR(string machine)
    {
        var (map, pci) = (MemoryMaps.Of(machine), MemoryMaps.PciOf(machine));
        string[] notPci = ["pc.ram", "mach-virt.ram", "io", "gpex_mmio_window", "gpex_ioport_window", "pcie-mmcfg-mmio", "ioapic", "pl011", "hpet", "virt.flash0"];
        foreach (var space in map.Spaces)
        {
            Assert.All(space.Ranges.Where(range => notPci.Contains(range.Name)), range => Assert.Null(pci.BarOf(space.Space, range)));
        }
    }

    [Theory]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0xfea08134, "0xfea08134 is BAR 4 of vda + 0x134")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0xfe002000, "0xfe002000 is BAR 1 of vda")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0xfe002804, "0xfe002804 is BAR 1 of vda + 0x804")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0xfe002100, "0xfe002100 is BAR 1 of vda + 0x100, where nothing answers")]
    [InlineData("7.2-x86_64", AddressSpace.Io, 0xc012, "0xc012 is BAR 0 of vda + 0x12")]
    [InlineData("7.2-x86_64", AddressSpace.Io, 0xc1c4, "0xc1c4 is BAR 4 of 00:1f.2 + 0x4")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0x1234, "0x1234 is pc.ram + 0x1234 of /objects/pc.ram")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0xfdf00000, "0xfdf00000 is in no range: nothing answers there; the bridge rp0 hands it on to bus 01")]
    [InlineData("7.2-x86_64", AddressSpace.Memory, 0x20000000, "0x20000000 is in no range: nothing answers there")]
    [InlineData("7.2-x86_64", AddressSpace.Io, 0x60, "0x60 is i8042-data of /machine/unattached/device[13]")]
    [InlineData("10.0-aarch64", AddressSpace.Memory, 0x8000808134, "0x8000808134 is BAR 4 of vda + 0x134")]
    [InlineData("10.0-aarch64", AddressSpace.Memory, 0x10802010, "0x10802010 is BAR 1 of vda + 0x10")]
    [InlineData("10.0-aarch64", AddressSpace.Memory, 0x10802100, "0x10802100 is BAR 1 of vda + 0x100, where gpex_mmio_window answers instead of the device")]
    [InlineData("10.0-aarch64", AddressSpace.Memory, 0x3eff5012, "0x3eff5012 is BAR 0 of vda + 0x12")]
    [InlineData(MemoryMaps.Kvm, AddressSpace.Memory, 0xfeb60010, "0xfeb60010 is BAR 1 of n1 + 0x10, where nothing answers")]
    [InlineData(MemoryMaps.Kvm, AddressSpace.Memory, 0xfeb98404, "0xfeb98404 is BAR 2 of 00:04.0 + 0x404")]
    public void An_address_is_told_in_words(string machine, AddressSpace space, ulong address, string words) =>
        Assert.Equal(words, MemoryMaps.PciOf(machine).Find(space, address).Words);

    [Fact]
    public void A_BAR_without_an_address_holds_none_and_one_at_the_very_end_holds_the_last()
    {
        var pci = PciAddressMap.Of(Empty, [Bus(Function("d1", new(0, "memory", -1, 0x1000), new(1, "io", -1, 0x20), new(6, "memory", -4096, 4096), new(2, "memory", -16, 32)))]);
        var bar = Assert.Single(pci.Bars);
        Assert.Equal((6, 0xffff_ffff_ffff_f000, ulong.MaxValue), (bar.Bar, bar.Start, bar.End));
        Assert.Equal("0xffffffffffffffff is expansion ROM of d1 + 0xfff, where nothing answers", pci.Find(AddressSpace.Memory, ulong.MaxValue).Words);
    }

    [Fact]
    public void A_device_behind_a_bridge_is_found_there_and_closed_windows_are_not()
    {
        var (open, closed) = (new PciWindow(0x1000, 0x1fff), new PciWindow(0xfff00000, 0xfffff));
        var inner = Function("hd1", new PciRegion(0, "io", 0x1800, 0x100)) with { Bus = 1 };
        var port = Function("rp0") with { PciBridge = new PciBridge(new PciBridgeBus(0, 1, 1, open, closed, closed), [inner]) };
        var pci = PciAddressMap.Of(Empty, [Bus(port)]);
        Assert.Equal(new PciBridgeWindow("rp0", 1, AddressSpace.Io, 0x1000, 0x1fff), Assert.Single(pci.Windows));
        var place = pci.Find(AddressSpace.Io, 0x1810);
        Assert.Equal(("hd1", "01:03.0", "rp0"), (place.Bar!.QdevId, place.Bar.PciAddress, place.Window!.Bridge));
    }

    [Fact]
    public void A_BAR_that_moved_is_told_with_both_addresses()
    {
        var text = MemoryMaps.Text("7.2-x86_64");
        var before = MemoryMaps.PciOf("7.2-x86_64");
        var buses = MemoryMaps.Pci("7.2-x86_64");
        var now = PciAddressMap.Of(
            MemoryTreeText.Parse(MemoryMaps.Moved(text, 0xfea08000, 0xfea18000, 0x4000)),
            [buses[0] with { Devices = [.. buses[0].Devices.Select(function => function.QdevId == "vda" ? function with { Regions = [.. function.Regions.Select(Moved)] } : function)] }]);
        var change = Assert.Single(PciAddressMap.Between(before, now));
        Assert.Equal(("BAR 4 of vda", 0xfea08000UL, 0xfea18000UL), (change.Bar.Words, change.Before!.Start, change.Now!.Start));
        Assert.Empty(PciAddressMap.Between(before, before));

        static PciRegion Moved(PciRegion region) => region.Bar == 4 ? region with { Address = region.Address + 0x10000 } : region;
    }

    [Fact]
    public void A_device_that_came_was_given_addresses_and_one_that_went_has_lost_them()
    {
        var without = PciAddressMap.Of(Empty, [Bus()]);
        var with = PciAddressMap.Of(Empty, [Bus(Function("d1", new PciRegion(4, "memory", 0x1000, 0x1000), new PciRegion(1, "memory", 0x8000, 0x1000)))]);
        Assert.Equal([(1, (ulong?)null, (ulong?)0x8000), (4, null, 0x1000)], PciAddressMap.Between(without, with).Select(change => (change.Bar.Bar, change.Before?.Start, change.Now?.Start)));
        Assert.Equal([(1, (ulong?)0x8000, (ulong?)null), (4, 0x1000, null)], PciAddressMap.Between(with, without).Select(change => (change.Bar.Bar, change.Before?.Start, change.Now?.Start)));
    }

    private static MemoryMap Empty => new(new FlatMemory(AddressSpace.Memory, []), new FlatMemory(AddressSpace.Io, []), []);

    private static PciBus Bus(params PciFunction[] functions) => new(0, functions);

    private static PciFunction Function(string id, params PciRegion[] regions) =>
        new(0, 3, 0, new PciClass(0x100), new PciIdentity(1, 2), 1, id, regions);
}
