using LabNet.Core.IoBenchmarks;

namespace LabNet.Tests.IoBenchmarks;

/// <summary>Against published tables, and against every possible order of small samples.</summary>
[Trait("suite", "unit")]
public sealed class RankStatisticsTests
{
    /// <summary>
    /// Critical values of Mann and Whitney's U, two-sided, 5 %, as printed in most textbooks (Siegel 1956, table K; none is a dash there, 0
    /// here counts as 1 below).
    /// </summary>
    public static readonly TheoryData<int, int, int> CriticalU = new()
    {
        { 3, 5, 0 }, { 3, 8, 2 }, { 4, 4, 0 }, { 4, 6, 2 }, { 4, 10, 5 }, { 5, 5, 2 }, { 5, 7, 5 }, { 6, 6, 5 }, { 7, 7, 8 }, { 8, 8, 13 },
        { 9, 12, 26 }, { 10, 10, 23 }, { 12, 15, 49 }, { 15, 15, 64 }, { 20, 20, 127 },
    };

    /// <summary>Ranks from both ends that enclose the median with 95 %: the sign test's table (Conover 1999, A3; n, r, coverage in percent).</summary>
    public static readonly TheoryData<int, int, double> MedianRanks = new()
    {
        { 6, 1, 96.88 }, { 7, 1, 98.44 }, { 8, 1, 99.22 }, { 9, 2, 96.09 }, { 10, 2, 97.85 }, { 12, 3, 96.14 }, { 15, 4, 96.48 }, { 20, 6, 95.86 },
        { 25, 8, 95.67 }, { 30, 10, 95.72 },
    };

    [Theory]
    [MemberData(nameof(CriticalU))]
    public void The_least_even_ranks_that_differ_are_those_of_the_printed_tables(int m, int n, int critical)
    {
        Assert.True(RankStatistics.MannWhitney(WithU(m, n, critical), Rising(n)) <= 0.05);
        Assert.True(RankStatistics.MannWhitney(WithU(m, n, critical + 1), Rising(n)) > 0.05);
    }

    [Theory]
    [InlineData(3, 4, false)]
    [InlineData(4, 3, false)]
    [InlineData(3, 3, false)]
    [InlineData(4, 4, true)]
    [InlineData(3, 5, true)]
    [InlineData(1, 30, false)]
    [InlineData(2, 7, false)]
    [InlineData(2, 8, true)]
    [InlineData(0, 5, false)]
    [InlineData(30, 30, true)]
    public void Samples_are_too_small_where_the_tables_have_a_dash(int m, int n, bool can) => Assert.Equal(can, RankStatistics.CanDiffer(m, n));

    [Theory]
    [MemberData(nameof(MedianRanks))]
    public void The_median_lies_between_the_ranks_of_the_printed_table(int n, int rank, double percent)
    {
        var interval = RankStatistics.IntervalOfMedian([.. Rising(n).Reverse()]);
        Assert.Equal(((n + 1) / 2.0, rank, n + 1 - rank), (interval.Median, interval.Low, interval.High));
        Assert.Equal(percent, interval.Confidence!.Value * 100, precision: 2);
    }

    [Fact]
    public void Five_values_enclose_their_median_with_less_than_95_percent_so_they_give_no_interval()
    {
        Assert.Equal(new MedianInterval(3, Low: null, High: null, Confidence: null), RankStatistics.IntervalOfMedian([5, 1, 3, 2, 4]));
        Assert.Equal(7, RankStatistics.IntervalOfMedian([7]).Median);
        Assert.Throws<ArgumentException>(() => RankStatistics.Median([]));
        Assert.Throws<ArgumentException>(() => RankStatistics.Median(Rising(31)));
    }

    /// <summary>Few different values, so that most orders have ties.</summary>
    [Fact]
    public void The_probability_is_the_share_of_all_ways_to_deal_the_values_out()
    {
        const int Seed = 20261123;
        var random = new Random(Seed);
        for (var round = 0; round < 40; round++)
        {
            double[] a = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (double)random.Next(5))];
            double[] b = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (double)random.Next(5))];
            Assert.True(
                Math.Abs(DealtOut(a, b) - RankStatistics.MannWhitney(a, b)) < 1e-9, $"seed {Seed}, round {round}: {string.Join(' ', a)} | {string.Join(' ', b)}");
        }
    }

    /// <summary>Permeability of a membrane at term and at 12 to 26 weeks: Hollander and Wolfe's example 4.1, with their estimate.</summary>
    [Fact]
    public void The_shift_of_a_textbook_example_is_the_textbooks()
    {
        double[] atTerm = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        double[] earlier = [1.15, 0.88, 0.90, 0.74, 1.21];
        var shift = RankStatistics.Shift(earlier, atTerm)!;
        Assert.Equal(0.305, shift.Estimate, precision: 9);
        Assert.Equal((-0.15, 0.76), (Math.Round(shift.Low, 9), Math.Round(shift.High, 9)));
        Assert.Equal(0.2544122544, RankStatistics.MannWhitney(earlier, atTerm), precision: 9);
    }

    /// <summary>The interval has to hold the true shift of all but 5 % of samples: here of all orders that two samples can have.</summary>
    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 3)]
    [InlineData(6, 5)]
    public void An_interval_leaves_zero_out_exactly_where_the_test_finds_a_difference(int m, int n)
    {
        foreach (var chosen in Choices(m + n, m))
        {
            double[] a = [.. chosen.Select(rank => (double)rank)];
            double[] b = [.. Enumerable.Range(0, m + n).Except(chosen).Select(rank => (double)rank)];
            var shift = RankStatistics.Shift(a, b)!;
            Assert.Equal(RankStatistics.MannWhitney(a, b) <= 0.05, shift.Low > 0 || shift.High < 0);
        }
    }

    [Fact]
    public void A_ratio_is_the_shift_of_the_logarithms_and_needs_values_above_zero()
    {
        double[] a = [100, 110, 90, 105, 95];
        var ratio = RankStatistics.Ratio(a, [.. a.Select(value => value * 2)])!;
        Assert.Equal(2, ratio.Estimate, precision: 9);
        Assert.InRange(ratio.Low, 1.6, 2);
        Assert.InRange(ratio.High, 2, 2.5);
        Assert.Null(RankStatistics.Ratio(a, [0, 1, 2, 3, 4]));
        Assert.Null(RankStatistics.Ratio([1, 2, 3], [4, 5, 6]));
    }

    [Fact]
    public void Sixty_values_at_most_are_counted_without_overflow()
    {
        Assert.Equal(2 / 118264581564861424.0, RankStatistics.MannWhitney(Rising(30), [.. Rising(30).Select(value => value + 100)]), tolerance: 1e-20);
        Assert.Equal(1, RankStatistics.MannWhitney(new double[30], new double[30]));
    }

    private static double[] Rising(int n) => [.. Enumerable.Range(1, n).Select(value => (double)value)];

    /// <summary>m values that stand above u pairs of the other side, which are 1 to n.</summary>
    private static double[] WithU(int m, int n, int u)
    {
        var values = new double[m];
        for (var i = 0; i < m; i++)
        {
            var above = Math.Min(n, u);
            u -= above;
            values[i] = above + 0.5 + (i * 0.001);
        }

        return values;
    }

    private static double DealtOut(double[] a, double[] b)
    {
        double[] all = [.. a, .. b];
        double U(IEnumerable<double> first, IEnumerable<double> second) =>
            first.Sum(x => second.Sum(y => x > y ? 1 : x == y ? 0.5 : 0));
        var seen = U(a, b);
        var dealt = Choices(all.Length, a.Length)
            .Select(chosen => U(chosen.Select(i => all[i]), Enumerable.Range(0, all.Length).Except(chosen).Select(i => all[i]))).ToList();
        var below = dealt.Count(u => u <= seen + 1e-9) / (double)dealt.Count;
        var above = dealt.Count(u => u >= seen - 1e-9) / (double)dealt.Count;
        return Math.Min(1, 2 * Math.Min(below, above));
    }

    private static IEnumerable<int[]> Choices(int from, int count) =>
        Enumerable.Range(0, 1 << from).Where(bits => int.PopCount(bits) == count).Select(bits => Enumerable.Range(0, from).Where(i => (bits >> i & 1) == 1).ToArray());
}
