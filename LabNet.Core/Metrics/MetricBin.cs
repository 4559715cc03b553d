using System.Runtime.InteropServices;

namespace LabNet.Core.Metrics;

/// <summary>What a series was in a stretch of time; of a single sample all three are the same.</summary>
/// <param name="TimeNs">Where the stretch begins, or when the sample was taken; UTC nanoseconds since 1970.</param>
/// <param name="Min">In the integer scale of the metric, as are <paramref name="Max"/> and <paramref name="Mean"/>.</param>
/// <param name="Count">Samples.</param>
internal readonly record struct MetricBin(long TimeNs, long Min, long Max, long Mean, long Count)
{
    public static MetricBin Of(long timeNs, long value) => new(timeNs, value, value, value, 1);

    /// <summary>Two of the same stretch.</summary>
    public MetricBin With(MetricBin other) => new(
        TimeNs,
        Math.Min(Min, other.Min),
        Math.Max(Max, other.Max),
        (long)Math.Round((((decimal)Mean * Count) + ((decimal)other.Mean * other.Count)) / (Count + other.Count)),
        Count + other.Count);

    /// <summary>Puts bins together into wider ones, sorted by time.</summary>
    public static List<MetricBin> Roll(IEnumerable<MetricBin> bins, long widthNs)
    {
        var wide = new Dictionary<long, MetricBin>();
        foreach (var bin in bins)
        {
            var start = bin.TimeNs - Modulo(bin.TimeNs, widthNs);
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(wide, start, out var isThere);
            place = isThere ? place.With(bin) : bin with { TimeNs = start };
        }

        return [.. wide.Values.OrderBy(bin => bin.TimeNs)];
    }

    private static long Modulo(long value, long width) => ((value % width) + width) % width;
}
