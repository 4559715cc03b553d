using System.Collections.Immutable;
using LabNet.Core.Workbench;
using LabNet.Tests.PciModels;

namespace LabNet.Tests.Workbench;

[Trait("suite", "unit")]
public sealed class RegisterPokeTests
{
    [Theory]
    [InlineData(0, 8, 32, null, null)]
    [InlineData(0, 4088, 64, ulong.MaxValue, null)]
    [InlineData(2, 65535, 8, 255UL, null)]
    [InlineData(1, 0, 32, null, "bar: labnet-sample has no BAR 1. It has 0, 2, 4.")]
    [InlineData(0, 8, 24, null, "width: 24 is none of 8, 16, 32, 64 bits.")]
    [InlineData(0, 9, 32, null, "offset: 0x9 is no multiple of 4")]
    [InlineData(0, -4, 32, null, "offset: ")]
    [InlineData(0, 4096, 32, null, "offset: 0x1000 is beyond the end of BAR 0, which has 0x1000 bytes.")]
    [InlineData(0, long.MaxValue - 7, 64, null, "offset: ")]
    [InlineData(0, 8, 8, 256UL, "value: 0x100 has more than 8 bits.")]
    [InlineData(0, 8, 32, ulong.MaxValue, "value: 0xffffffffffffffff has more than 32 bits.")]
    public void What_no_device_of_the_model_has_is_told(int bar, long offset, int width, ulong? value, string? told)
    {
        var mistake = new RegisterPoke(bar, offset, width, value).MistakeFor(SampleModel.Model);
        if (told is null)
        {
            Assert.Null(mistake);
        }
        else
        {
            Assert.StartsWith(told, mistake, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("0x10", 16UL)]
    [InlineData(" 16 ", 16UL)]
    [InlineData("0XFFFFFFFFFFFFFFFF", ulong.MaxValue)]
    [InlineData("", null)]
    [InlineData("0x", null)]
    [InlineData("-1", null)]
    [InlineData("1.0", null)]
    [InlineData("0x10000000000000000", null)]
    [InlineData(null, null)]
    public void A_number_is_decimal_or_hexadecimal(string? text, ulong? number) =>
        Assert.Equal(number, RegisterPoke.TryParseNumber(text, out var parsed) ? parsed : null);

    [Fact]
    public void Why_a_model_cannot_be_plugged_in_is_told_with_what_to_do()
    {
        var vm = Dashboard.Labs.Running(Dashboard.Labs.CrossArch().Vms[0], Dashboard.Labs.Noon);
        var can = new PluggableModels(["labnet-sample"], [], Ports: 4, FreePorts: 1, WhyNoBuild: null);
        Assert.Null(can.WhyNot(vm, "labnet-sample"));
        Assert.Equal("x86 was started before this was built. Stop it and start it again: it will have it then.", can.WhyNot(vm, "labnet-other"));
        Assert.Equal("All 4 ports of x86 are full. Unplug something.", (can with { FreePorts = 0 }).WhyNot(vm, "labnet-sample"));
        Assert.Equal("x86 has no root port that a device could be plugged into.", (can with { Ports = 0, FreePorts = 0 }).WhyNot(vm, "labnet-sample"));
        Assert.Equal("For another QEMU.", (can with { Types = ImmutableHashSet<string>.Empty, WhyNoBuild = "For another QEMU." }).WhyNot(vm, "labnet-sample"));
        Assert.Null((can with { WhyNoBuild = "For another QEMU." }).WhyNot(vm, "labnet-sample"));
    }
}
