using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class RamBlockTests
{
    [Theory]
    [InlineData("7.2-x86_64", "pc.ram", null)]
    [InlineData("7.2-aarch64", "mach-virt.ram", null)]
    [InlineData("10.0-x86_64", "pc.ram", false)]
    [InlineData("10.0-aarch64", "mach-virt.ram", false)]
    public void The_blocks_of_a_real_QEMU_are_read(string machine, string ram, bool? readOnly)
    {
        var list = RamBlockList.Parse(Recording.Text(machine, "x-query-ramblock"));
        Assert.Empty(list.Unparsed);
        Assert.Equal(new RamBlock(ram, "4 KiB", 384 << 20, 384 << 20, readOnly), list.Blocks[0]);
        var tables = Assert.Single(list.Blocks, block => block.Name == "/rom@etc/acpi/tables");
        Assert.Equal((0x20000UL, 0x200000UL, readOnly is null ? null : true), (tables.UsedBytes, tables.MaxBytes, tables.ReadOnly));
    }

    [Fact]
    public void A_name_may_have_spaces_and_a_line_that_does_not_fit_is_kept()
    {
        var list = RamBlockList.Parse(
            "              Block Name    PSize              Offset               Used              Total\r\n"
            + "   0000:00:04.0/my ram    2 MiB  0x00000001400c0000 0x0000000001000000 0xffffffffffffffff\r\n"
            + "   what    4 KiB  0x0 0x0\n"
            + "\n");
        Assert.Equal([new RamBlock("0000:00:04.0/my ram", "2 MiB", 16 << 20, ulong.MaxValue, null)], list.Blocks);
        Assert.Equal(["   what    4 KiB  0x0 0x0"], list.Unparsed);
    }
}
