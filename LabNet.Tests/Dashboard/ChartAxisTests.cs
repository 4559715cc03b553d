using LabNet.Web.Dashboard.Vm.Benchmark;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class ChartAxisTests
{
    [Fact]
    public void From_zero_the_ticks_are_round_and_hold_the_largest()
    {
        var axis = ChartAxis.FromZero([1142, 980]);
        Assert.Equal([0, 500, 1000, 1500], axis.Ticks);
        Assert.Equal((0, 0.5, 1), (axis.At(0), axis.At(750), axis.At(1500)));
        Assert.Equal([0, 50 * 1024, 100 * 1024, 150 * 1024, 200 * 1024], ChartAxis.FromZero([190 * 1024], unit: 1024).Ticks);
    }

    [Fact]
    public void Around_values_the_scale_holds_them_all()
    {
        var axis = ChartAxis.Around([980, 1020]);
        Assert.Equal([980, 990, 1000, 1010, 1020], axis.Ticks);
        Assert.Equal((0, 1), (axis.At(980), axis.At(1020)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(123456)]
    public void Equal_values_and_none_have_a_scale_as_well(double value)
    {
        Assert.InRange(ChartAxis.Around([value, value]).At(value), 0, 1);
        Assert.InRange(ChartAxis.FromZero([value]).At(value), 0, 1);
        Assert.InRange(ChartAxis.Decades([value]).At(value), 0, 1);
        Assert.Equal(0, ChartAxis.FromZero([]).At(0));
    }

    [Fact]
    public void Decades_are_equally_wide_and_what_is_zero_stands_at_the_lower_end()
    {
        var axis = ChartAxis.Decades([0, 15_000, 9_000_000]);
        Assert.Equal([1e4, 1e5, 1e6, 1e7], axis.Ticks);
        Assert.Equal(1 / 3.0, axis.At(1e5), 1e-9);
        Assert.Equal(0, axis.At(0));
        Assert.Equal([1e3, 2e3, 5e3, 1e4], ChartAxis.Decades([2_000, 7_000]).Ticks.Select(tick => Math.Round(tick)));
    }
}
