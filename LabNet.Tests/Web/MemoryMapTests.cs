using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class MemoryMapTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("address=febc8134", "address: \"febc8134\" cannot be read; an address is 0x and 1 to 16 hexadecimal digits, such as 0xfebc8134, or all 16 digits as QEMU prints them.")]
    [InlineData("address=", "address: \"\" cannot be read;")]
    [InlineData("address=0x1&space=disk", "space: \"disk\" is none of memory, io.")]
    [InlineData("adress=0x1", "There is no filter adress; there are address, space.")]
    public async Task A_wrong_question_is_refused_before_QEMU_is_asked(string query, string detail)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/vms/x86/memory-map?{query}", TestRun.Ended));
        Assert.Equal(400, problem.Status);
        Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_range_is_told_with_its_BAR_and_addresses_are_text()
    {
        var map = MemoryMaps.PciOf("10.0-aarch64");
        var notify = map.Map.Memory!.Find(0x800080b010)!;
        var expected = new MemoryRangeContract(
            "memory", "0x000000800080b000", "0x000000800080bfff", "virtio-pci-notify-virtio-blk", "i/o", "vda", "0x0000000000000000",
            "vda", "00:05.0", 4, "0x0000000000003000", Address: null);
        Assert.Equal(expected, MemoryRangeContract.Of(map, AddressSpace.Memory, notify));
        Assert.Equal(
            expected with { Offset = "0x0000000000003010", Address = "0x000000800080b010" },
            MemoryRangeContract.Of(map.Find(AddressSpace.Memory, 0x800080b010), notify));

        // Between the registers of a BAR the host bridge's window shows through.
        var hole = map.Find(AddressSpace.Memory, 0x10802100);
        var told = MemoryRangeContract.Of(hole, hole.Range!);
        Assert.Equal(("gpex_mmio_window", "vda", 1, "0x0000000000000100"), (told.Name, told.Device, told.Bar, told.Offset));
        Assert.Null(MemoryRangeContract.Of(map, AddressSpace.Memory, hole.Range!).Bar);
        Assert.Equal(
            new MemoryRangeContract(
                "memory", "0x0000000040000000", "0x0000000057ffffff", "mach-virt.ram", "ram", "/objects/mach-virt.ram", "0x0000000000000000",
                Device: null, PciAddress: null, Bar: null, Offset: null, Address: null),
            MemoryRangeContract.Of(map, AddressSpace.Memory, map.Map.Memory.Find(0x40000000)!));
    }
}
