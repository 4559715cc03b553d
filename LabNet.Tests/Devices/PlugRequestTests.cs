using LabNet.Core.Devices;
using LabNet.Core.Labs;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class PlugRequestTests
{
    private const long Size = 1 << 20;

    [Fact]
    public void What_is_right_has_no_mistake()
    {
        Assert.Null(new PlugRequest(PlugKind.VirtioBlk, "d1", Size).Mistake);
        Assert.Null(new PlugRequest(PlugKind.Nvme, "d-1_x", Image: "debian.img").Mistake);
        Assert.Null(new PlugRequest(PlugKind.VirtioScsi, "d1").Mistake);
        Assert.Null(new PlugRequest(PlugKind.E1000e, "n1", Link: LinkName.Parse("lab")).Mistake);
    }

    [Theory]
    [InlineData("", "id")]
    [InlineData("1d", "id")]
    [InlineData("d1\n", "id")]
    [InlineData("<b>d1</b>", "id")]
    [InlineData("../d1", "id")]
    [InlineData("d123456789012345678901234567890123", "id")]
    public void An_id_that_is_none_is_told(string id, string member) =>
        Assert.StartsWith($"{member}:", new PlugRequest(PlugKind.VirtioBlk, id, Size).Mistake, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(-512)]
    [InlineData(Size + 1)]
    [InlineData(long.MaxValue)]
    public void A_size_that_no_disk_has_is_told(long size) =>
        Assert.StartsWith("sizeBytes:", new PlugRequest(PlugKind.VirtioBlk, "d1", size).Mistake, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void An_image_outside_of_its_folder_is_told(string image) =>
        Assert.StartsWith("image:", new PlugRequest(PlugKind.VirtioBlk, "d1", Image: image).Mistake, StringComparison.Ordinal);

    [Fact]
    public void What_does_not_go_together_is_told()
    {
        Assert.Contains("one of them", new PlugRequest(PlugKind.VirtioBlk, "d1", Size, "a.img").Mistake, StringComparison.Ordinal);
        Assert.Contains("for disks", new PlugRequest(PlugKind.E1000e, "n1", Size).Mistake, StringComparison.Ordinal);
        Assert.Contains("for NICs", new PlugRequest(PlugKind.Nvme, "d1", Size, Link: LinkName.Parse("lab")).Mistake, StringComparison.Ordinal);
    }
}
