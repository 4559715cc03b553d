namespace LabNet.Core.IoBenchmarks;

/// <summary>The middle of some measurements, and between which values the true one lies.</summary>
/// <param name="Low">Null where there are too few values for <see cref="RankStatistics.Confidence"/>: below six.</param>
/// <param name="Confidence">That of the interval, which is exact and therefore a bit more than asked for; null with it.</param>
public sealed record MedianInterval(double Median, double? Low, double? High, double? Confidence);

/// <summary>A difference or ratio with its interval, at <see cref="RankStatistics.Confidence"/> or more.</summary>
public sealed record ShiftInterval(double Estimate, double Low, double High);

/// <summary>
/// Statistics by ranks: they ask nothing of how measurements are distributed, and one repeat that was disturbed cannot carry the others
/// away. All are exact, for up to <see cref="IoBenchmarkRequest.RepeatsMax"/> values a side.
/// <para>Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 3rd edition, sections 3.6 (median), 4.1 (rank sum), 4.2 and 4.3 (shift).</para>
/// </summary>
public static class RankStatistics
{
    /// <summary>How sure a statement has to be.</summary>
    public const double Confidence = 0.95;

    private const double Risk = 1 - Confidence;

    /// <summary>A probability that is just as large as the limit must not miss it by rounding.</summary>
    private const double Rounding = 1e-12;

    /// <summary>The mean of the two in the middle where there is no middle one.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Median(IReadOnlyList<double> values)
    {
        ThrowIfTooMany(values);
        double[] sorted = [.. values.Order()];
        return MedianOfSorted(sorted);
    }

    /// <summary>Between two of the values themselves: as many lie below the true median as a coin shows heads.</summary>
    public static MedianInterval IntervalOfMedian(IReadOnlyList<double> values)
    {
        ThrowIfTooMany(values);
        double[] sorted = [.. values.Order()];
        var n = sorted.Length;
        var outer = 0;
        var (tail, chosenTail, probability) = (0.0, 0.0, Math.Pow(0.5, n));
        for (var heads = 0; heads < n / 2; heads++)
        {
            tail += probability;
            if (2 * tail > Risk + Rounding)
            {
                break;
            }

            (outer, chosenTail) = (heads + 1, tail);
            probability = probability * (n - heads) / (heads + 1);
        }

        return outer == 0
            ? new MedianInterval(MedianOfSorted(sorted), Low: null, High: null, Confidence: null)
            : new MedianInterval(MedianOfSorted(sorted), sorted[outer - 1], sorted[n - outer], 1 - (2 * chosenTail));
    }

    /// <summary>
    /// Mann-Whitney's test, two-sided: how probable ranks as uneven as these are, or more so, if both sides are alike. Equal values share
    /// their ranks, and the probability is that of the ranks as they are.
    /// </summary>
    public static double MannWhitney(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        ThrowIfTooMany(a);
        ThrowIfTooMany(b);
        var ranks = DoubledRanks([.. a, .. b]);
        var sum = ranks.Take(a.Count).Sum();
        var ways = WaysBySum(ranks, a.Count);
        double all = ways.Sum();
        var below = ways.Take(sum + 1).Sum() / all;
        var above = ways.Skip(sum).Sum() / all;
        return Math.Min(1, 2 * Math.Min(below, above));
    }

    /// <summary>Whether so few values a side could show any difference at all.</summary>
    public static bool CanDiffer(int a, int b) => a > 0 && b > 0 && OuterRank(a, b) > 0;

    /// <summary>
    /// By how much b is more than a: Hodges and Lehmann's estimate, the median of all differences between one of b and one of a, with the
    /// interval that belongs to the rank test.
    /// </summary>
    /// <returns>Null where there are too few values for an interval.</returns>
    public static ShiftInterval? Shift(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        ThrowIfTooMany(a);
        ThrowIfTooMany(b);
        var outer = OuterRank(a.Count, b.Count);
        double[] differences = [.. (from after in b from before in a select after - before).Order()];
        return outer == 0 ? null : new ShiftInterval(MedianOfSorted(differences), differences[outer - 1], differences[^outer]);
    }

    /// <summary>As <see cref="Shift"/>, as a ratio of b to a.</summary>
    /// <returns>Null also where a value is not above zero.</returns>
    public static ShiftInterval? Ratio(IReadOnlyList<double> a, IReadOnlyList<double> b) =>
        a.Concat(b).Any(value => value <= 0) ? null
        : Shift([.. a.Select(value => Math.Log(value))], [.. b.Select(value => Math.Log(value))]) is { } shift
        ? new ShiftInterval(Math.Exp(shift.Estimate), Math.Exp(shift.Low), Math.Exp(shift.High))
        : null;

    /// <summary>Which of the sorted differences is the interval's end, from 1; 0 if none leaves so little outside.</summary>
    private static int OuterRank(int a, int b)
    {
        var ways = WaysBySum([.. Enumerable.Range(1, a + b)], a);
        double all = ways.Sum();
        var smallest = a * (a + 1) / 2;
        var tail = 0L;
        for (var u = 0; u < (a * b / 2) + 1; u++)
        {
            tail += ways[smallest + u];
            if (2 * (tail / all) > Risk + Rounding)
            {
                return u;
            }
        }

        return a * b / 2;
    }

    /// <summary>Twice the rank of each, so that shared ranks stay whole.</summary>
    private static int[] DoubledRanks(double[] values) =>
        [.. values.Select(value => values.Count(other => other < value) + values.Count(other => other <= value) + 1)];

    /// <summary>In how many ways so many of the ranks have each sum; 60 over 30 ways, and their sum, fit in 64 bits.</summary>
    private static long[] WaysBySum(int[] ranks, int taken)
    {
        var sums = ranks.Sum() + 1;
        var ways = new long[taken + 1][];
        for (var count = 0; count <= taken; count++)
        {
            ways[count] = new long[sums];
        }

        ways[0][0] = 1;
        foreach (var rank in ranks)
        {
            for (var count = taken; count > 0; count--)
            {
                for (var sum = sums - 1; sum >= rank; sum--)
                {
                    ways[count][sum] += ways[count - 1][sum - rank];
                }
            }
        }

        return ways[taken];
    }

    private static double MedianOfSorted(double[] sorted) =>
        sorted.Length == 0 ? throw new ArgumentException("There are no values.", nameof(sorted))
        : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2]
        : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;

    private static void ThrowIfTooMany(IReadOnlyList<double> values)
    {
        if (values.Count > IoBenchmarkRequest.RepeatsMax)
        {
            throw new ArgumentException($"There are more than {IoBenchmarkRequest.RepeatsMax} values.", nameof(values));
        }
    }
}
