using System.Numerics;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Latencies by their size, in buckets that are an eighth of a power of two wide: a quantile is at most 6 % off. A value under eight has a bucket
/// of its own; above, three bits behind the highest one tell the bucket.
/// </summary>
internal static class LatencyHistogram
{
    /// <summary>Of all values of 63 bits.</summary>
    public const int Buckets = (63 - Bits + 1) << Bits;

    private const int Bits = 3;

    /// <param name="latencyNs">0 or more.</param>
    public static int BucketOf(long latencyNs)
    {
        var highest = BitOperations.Log2((ulong)latencyNs | 1);
        return highest < Bits ? (int)latencyNs : ((highest - Bits + 1) << Bits) + (int)((latencyNs >> (highest - Bits)) & ((1 << Bits) - 1));
    }

    /// <summary>The least latency of a bucket, in nanoseconds.</summary>
    public static long StartOf(int bucket)
    {
        var power = (bucket >> Bits) - 1;
        return power < 0 ? bucket : ((1L << Bits) + (bucket & ((1 << Bits) - 1))) << power;
    }

    /// <summary>The least latency that is too long for a bucket, in nanoseconds.</summary>
    public static long EndOf(int bucket) => bucket + 1 < Buckets ? StartOf(bucket + 1) : long.MaxValue;

    /// <summary>The latency below which this part of all is, in nanoseconds: the middle of its bucket.</summary>
    /// <param name="counts">By bucket; not all 0.</param>
    /// <param name="quantile">From 0 to 1.</param>
    public static long QuantileOf(ReadOnlySpan<long> counts, double quantile)
    {
        long all = 0;
        foreach (var count in counts)
        {
            all += count;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(all * quantile));
        var bucket = 0;
        for (var seen = counts[0]; seen < rank; seen += counts[bucket])
        {
            bucket++;
        }

        // The harmonic middle: the arithmetic one is a 16th above the least of the bucket, more than those 6 %.
        var (start, end) = ((double)StartOf(bucket), (double)EndOf(bucket));
        return bucket < (1 << Bits) ? bucket : (long)(2 * start * end / (start + end));
    }
}
