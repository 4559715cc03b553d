using System.Text.Json;
using LabNet.Core.Devices;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class QomPropertyTests
{
    [Theory]
    [InlineData("42")]
    [InlineData(" -1 ")]
    [InlineData("18446744073709551615")]
    public void A_whole_number_is_taken_as_it_is_written(string text) =>
        Assert.Equal(text.Trim(), Of("uint64", JsonValueKind.Number).Parse(text, out _)!.Value.GetRawText());

    [Theory]
    [InlineData("")]
    [InlineData("0x10")]
    [InlineData("1.5")]
    [InlineData("007")]
    [InlineData("18446744073709551616")]
    [InlineData("1}")]
    public void What_is_no_whole_number_is_told(string text)
    {
        Assert.Null(Of("uint64", JsonValueKind.Number).Parse(text, out var mistake));
        Assert.Equal("p is a whole number, such as 42 or -1.", mistake);
    }

    [Fact]
    public void A_flag_is_true_or_false()
    {
        Assert.Equal(JsonValueKind.False, Of("bool", JsonValueKind.True).Parse("false", out _)!.Value.ValueKind);
        Assert.Null(Of("bool", JsonValueKind.True).Parse("1", out var mistake));
        Assert.Equal("p is true or false.", mistake);
    }

    [Theory]
    [InlineData("p", JsonValueKind.True, true)]
    [InlineData("p", JsonValueKind.Number, true)]
    [InlineData("p", JsonValueKind.String, false)]
    [InlineData("p", JsonValueKind.Object, false)]
    [InlineData("p", JsonValueKind.Undefined, false)]
    [InlineData("realized", JsonValueKind.True, false)]
    public void Texts_and_what_would_take_the_device_away_are_not_set(string name, JsonValueKind kind, bool isPlain) =>
        Assert.Equal(isPlain, (Of("x", kind) with { Name = name }).IsPlain);

    private static QomProperty Of(string type, JsonValueKind kind) => new("p", type, null, "1", kind, null);
}
