using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Web.Dashboard.Vm.Benchmark;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class BenchmarkWishTests
{
    [Theory]
    [InlineData("", "5", "seconds", "A whole number from 1 to 60.")]
    [InlineData("1.5", "5", "seconds", "A whole number from 1 to 60.")]
    [InlineData("-1", "5", "seconds", "A whole number from 1 to 60.")]
    [InlineData("61", "5", "seconds", "61 is not from 1 to 60.")]
    [InlineData("99999999999", "5", "seconds", "A whole number from 1 to 60.")]
    [InlineData("10", "", "repeats", "A whole number from 1 to 30.")]
    [InlineData("10", "0", "repeats", "0 is not from 1 to 30.")]
    [InlineData("10", "31", "repeats", "31 is not from 1 to 30.")]
    public void A_number_that_is_none_or_out_of_range_is_told_at_its_field(string seconds, string repeats, string field, string words)
    {
        var wish = new BenchmarkWish { Seconds = seconds, Repeats = repeats };
        Assert.Equal((field, words), wish.Mistake);
        Assert.Null(wish.Request);
        Assert.Null(wish.Lasts);
    }

    [Fact]
    public void What_destroys_a_disk_has_to_be_typed()
    {
        var wish = new BenchmarkWish { Disk = "d1", Profile = "rand-write-4k", Target = IoTarget.Disk };
        Assert.Equal(("destroys", "Type d1 if it is meant."), wish.Mistake);
        wish.Destroys = "d2";
        Assert.Equal(("destroys", "This is not d1."), wish.Mistake);
        Assert.NotNull(wish.Lasts);
        wish.Destroys = " d1 ";
        Assert.Equal(new IoBenchmarkRequest("d1", "rand-write-4k", 10, 5, "", IoTarget.Disk, "d1"), wish.Request);
        wish.Profile = "rand-read-4k";
        Assert.Equal(new IoBenchmarkRequest("d1", "rand-read-4k", 10, 5, "", IoTarget.Disk), wish.Request);
    }

    [Theory]
    [InlineData(null, "Takes about 50 s (5 × 10 s), and some seconds to prepare.")]
    [InlineData(PlugKind.E1000e, "Takes about 100 s (2 runs of 5 × 10 s), and some seconds each to prepare, to plug in and to unplug.")]
    [InlineData(PlugKind.Nvme, "Takes about 2 min 30 s (3 runs of 5 × 10 s), and some seconds each to prepare, to plug in and to unplug.")]
    public void How_long_it_takes_is_told_before(PlugKind? plug, string words) => Assert.Equal(words, new BenchmarkWish { Plug = plug }.Lasts);

    [Fact]
    public void Every_profile_and_a_label_of_any_signs_can_be_asked_for()
    {
        Assert.All(IoProfile.All, profile => Assert.NotNull(new BenchmarkWish { Profile = profile.Name }.Request));
        Assert.Equal("<b> é", new BenchmarkWish { Label = " <b> é " }.Request!.Label);
        Assert.Equal("label", new BenchmarkWish { Label = new string('x', 65) }.Mistake?.Field);
    }
}
