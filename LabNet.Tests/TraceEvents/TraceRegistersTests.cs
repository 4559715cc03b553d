using System.Text;
using LabNet.Core.TraceEvents;
using LabNet.Tests.Vms;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceRegistersTests
{
    [Theory]
    [InlineData(MemoryMaps.Kvm, 0xfed000f0, "hpet", "hpet+0xf0")]
    [InlineData("7.2-x86_64", 0x3f8, "serial", "serial+0x0")]
    [InlineData(MemoryMaps.Kvm, 0xfed000f0, "no such region", "?")]
    [InlineData("7.2-aarch64", 0x8010, "pcie-mmcfg-mmio", "pcie-mmcfg-mmio+0x8010")]
    public void An_address_is_named_by_the_region_that_QEMU_says_it_was_in(string machine, ulong address, string region, string expected)
    {
        var registers = new TraceRegisters(MemoryMaps.PciOf(machine));
        var found = registers.Find(address, Encoding.UTF8.GetBytes(region));
        Assert.Equal(expected, found.Device.Length == 0 ? "?" : $"{Encoding.UTF8.GetString(found.Region)}+0x{found.Offset:x}");
        Assert.Equal(found.Device.Length == 0 ? 1 : 0, registers.Misses);
        Assert.Same(found, registers.Find(address, Encoding.UTF8.GetBytes(region)));
    }

    [Fact]
    public void A_register_of_a_PCI_device_is_named_by_its_BAR()
    {
        var map = MemoryMaps.PciOf("7.2-x86_64");
        var bar = map.Bars.First(bar => map.Map[bar.Space].Find(bar.Start) is { } range && bar.Opens(bar.Space, range));
        var range = map.Map[bar.Space].Find(bar.Start)!;
        var found = new TraceRegisters(map).Find(bar.Start + 4, Encoding.UTF8.GetBytes(range.Name));
        Assert.Equal((bar.Device, $"BAR{bar.Bar}", 4), (Encoding.UTF8.GetString(found.Device), Encoding.UTF8.GetString(found.Region), found.Offset));
    }
}
