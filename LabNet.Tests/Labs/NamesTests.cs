using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

[Trait("suite", "unit")]
public sealed class NamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("x86")]
    [InlineData("pi-5")]
    [InlineData("a234567890123456789012345678901")]
    public void A_name_is_small_letters_digits_and_dashes(string text)
    {
        Assert.True(VmName.TryParse(text, out var name));
        Assert.Equal(text, name.ToString());
        Assert.Equal(VmName.Parse(text), name);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("8086")]
    [InlineData("-a")]
    [InlineData("X86")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a,b")]
    [InlineData("a\n")]
    [InlineData("é")]
    [InlineData("a2345678901234567890123456789012")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(VmName.TryParse(text, out _));
        Assert.False(LabName.TryParse(text, out _));
        Assert.Throws<FormatException>(() => HostName.Parse(text!));
    }

    [Theory]
    [InlineData("eth0", 0)]
    [InlineData("eth7", 7)]
    public void A_NIC_is_known_by_its_position(string text, int position)
    {
        Assert.True(NicId.TryParse(text, out var id));
        Assert.Equal(new NicId(position), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("eth")]
    [InlineData("eth8")]
    [InlineData("eth10")]
    [InlineData("Eth0")]
    [InlineData("eth-1")]
    public void No_NIC_is_beyond_the_eight_that_fit(string? text) => Assert.False(NicId.TryParse(text, out _));
}
