using System.Collections.Immutable;
using LabNet.Core.Devices;
using LabNet.Tests.PciModels;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class PciPlugRequestTests
{
    [Fact]
    public void What_is_right_has_no_mistake_and_reaches_QEMU_as_what_it_is()
    {
        var request = Request(("word", "any text"), ("start", "0x10"), ("msi", "off"));
        Assert.Null(request.Mistake);
        Assert.Equal([16UL, false, "any text"], [request.ValueOf("start"), request.ValueOf("msi"), request.ValueOf("word")]);
        Assert.Equal("s0 (labnet-sample, msi=off, start=0x10, word=any text)", request.ToString());
    }

    [Theory]
    [InlineData("start", "0", "start is a number from 1 to 16 (0x10), not “0”.")]
    [InlineData("start", "17", "start is a number from 1 to 16")]
    [InlineData("start", "-1", "start is a number from 1 to 16")]
    [InlineData("start", "0x", "start is a number from 1 to 16")]
    [InlineData("start", "many", "start is a number from 1 to 16")]
    [InlineData("start", "3", "start is a power of two, not 3.")]
    [InlineData("msi", "yes", "msi is on or off, not “yes”.")]
    [InlineData("word", "a\nb", "word has a control character.")]
    [InlineData("chardev", "c0", "labnet-sample has no property chardev. It has: start, msi, word.")]
    [InlineData("addr", "3", "labnet-sample has no property addr.")]
    public void What_the_model_does_not_allow_is_told(string name, string value, string told)
    {
        var others = new Dictionary<string, string> { ["word"] = "w" }.ToImmutableSortedDictionary(StringComparer.Ordinal);
        Assert.StartsWith($"properties: {told}", new PciPlugRequest(SampleModel.Model, "s0", others.SetItem(name, value)).Mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_property_that_is_needed_and_an_id_that_is_none_are_told()
    {
        Assert.Equal("properties: labnet-sample needs word.", Request().Mistake);
        Assert.StartsWith("id:", (Request(("word", "w")) with { Id = "0s" }).Mistake, StringComparison.Ordinal);
    }

    private static PciPlugRequest Request(params (string Name, string Value)[] properties) =>
        new(SampleModel.Model, "s0", properties.ToImmutableSortedDictionary(one => one.Name, one => one.Value, StringComparer.Ordinal));
}
