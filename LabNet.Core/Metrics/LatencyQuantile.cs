using LabNet.Core.Qmp;

namespace LabNet.Core.Metrics;

/// <summary>How long all but the slowest requests took, by two readings of QEMU's histogram.</summary>
internal static class LatencyQuantile
{
    /// <returns>Nanoseconds, within the bin by straight line; null if no request ended in between, or the two are of different counters.</returns>
    public static double? Of(BlockLatencyHistogram before, BlockLatencyHistogram after, double quantile)
    {
        if (after.Bins.Length != after.Boundaries.Length + 1 || after.Boundaries.Length == 0 || before.Bins.Length != after.Bins.Length
            || !before.Boundaries.AsSpan().SequenceEqual(after.Boundaries))
        {
            return null;
        }

        double ended = 0;
        for (var bin = 0; bin < after.Bins.Length; bin++)
        {
            if (after.Bins[bin] < before.Bins[bin])
            {
                return null;
            }

            ended += after.Bins[bin] - before.Bins[bin];
        }

        return ended == 0 ? null : Place(before.Bins, after, ended * quantile);
    }

    private static double Place(long[] before, BlockLatencyHistogram after, double wanted)
    {
        double below = 0;
        for (var bin = 0; bin < after.Boundaries.Length; bin++)
        {
            double here = after.Bins[bin] - before[bin];
            if (below + here >= wanted && here > 0)
            {
                double from = bin == 0 ? 0 : after.Boundaries[bin - 1];
                return from + ((after.Boundaries[bin] - from) * (wanted - below) / here);
            }

            below += here;
        }

        // Above the last boundary nobody knows how far.
        return after.Boundaries[^1];
    }
}
