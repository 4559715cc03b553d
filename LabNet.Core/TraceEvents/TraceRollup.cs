using System.Collections.Immutable;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>What a rollup tells apart.</summary>
/// <param name="Device">Of events that name one; null of others.</param>
internal sealed record TraceRollupKey(string Event, TraceThread Thread, string? Device);

/// <summary>So many requests took about so long.</summary>
/// <param name="Bucket">Of <see cref="LatencyHistogram"/>.</param>
internal readonly record struct LatencyCount(int Bucket, long Count);

/// <summary>One key's events, bucket by bucket; all columns have an entry for each bucket with an event in it.</summary>
/// <param name="Buckets">Their numbers, from 1970 on, growing.</param>
/// <param name="LatencyCounts">How many of the events ended a request whose latency is known. Empty, as those behind it, if none did.</param>
/// <param name="HistogramEnds">Where each entry's part of the histogram ends; empty where it was not asked for.</param>
/// <param name="Histogram">Of all entries, one behind the other.</param>
internal sealed record TraceRollupTrack(
    TraceRollupKey Key, long[] Buckets, long[] Counts, long[] LatencyCounts, long[] LatencySumsNs, long[] LatencyMaxsNs, int[] HistogramEnds, LatencyCount[] Histogram)
{
    public ReadOnlySpan<LatencyCount> HistogramOf(int entry) => Histogram.AsSpan((entry == 0 ? 0 : HistogramEnds[entry - 1])..HistogramEnds[entry]);
}

/// <summary>
/// How many of which event there were when, in buckets of 1 ms (level 0), and of four times more with each level. Compressed (<see cref="Packed"/>):
/// <code>
/// rollup    = %x01 TRACKS { track }
/// track     = name ID VCPU device ENTRIES FLAGS buckets counts [ latencies ]     ; zig-zag; VCPU -1, device empty for none; FLAGS: 1 latencies
/// latencies = counts sums maxs sizes { BUCKET COUNT }                            ; sizes: how many pairs an entry has
/// name, device = BYTES utf-8
/// </code>
/// Numbers are varints, columns <see cref="IntegerColumn"/>.
/// </summary>
/// <remarks>Immutable.</remarks>
internal sealed record TraceRollup(int Level, ImmutableArray<TraceRollupTrack> Tracks)
{
    /// <summary>So many rollups of a level become one of the next, whose buckets are so many times wider: its size stays.</summary>
    public const int FanIn = 4;

    /// <summary>The widest buckets are of 12 days.</summary>
    public const int LevelMax = 15;

    public const byte Version = 1;
    public const ulong HasLatencies = 1;

    private const long NanosecondsAtLevel0 = 1_000_000;
    private const int TracksMax = 1 << 20;

    /// <summary>A bucket's width in nanoseconds.</summary>
    public static long WidthOf(int level) => NanosecondsAtLevel0 << (2 * level);

    /// <summary>The bucket of the next level in which a bucket lies.</summary>
    public static long CoarserOf(long bucket) => bucket >> 2;

    /// <param name="withHistograms">Without, <see cref="TraceRollupTrack.Histogram"/> is empty: a picture needs none, and they are the most of it.</param>
    /// <exception cref="DamagedSegmentException"/>
    public static TraceRollup Unpack(int level, byte[] data, bool withHistograms = true)
    {
        var plain = Packed.Unpack(data);
        if (plain.IsEmpty || plain[0] != Version)
        {
            throw new DamagedSegmentException("A rollup is of no known version.");
        }

        plain = plain[1..];
        var tracks = new TraceRollupTrack[Varint.ReadCount(ref plain, TracksMax)];
        for (var number = 0; number < tracks.Length; number++)
        {
            var name = ReadText(ref plain);
            var (id, vcpu) = (Varint.UnZigZag(Varint.Read(ref plain)), Varint.UnZigZag(Varint.Read(ref plain)));
            var device = ReadText(ref plain);
            var key = new TraceRollupKey(name, new TraceThread((int)id, vcpu < 0 ? null : (int)vcpu), device.Length == 0 ? null : device);
            tracks[number] = ReadTrack(ref plain, key, withHistograms);
        }

        return new TraceRollup(level, ImmutableArray.Create(tracks));
    }

    private static TraceRollupTrack ReadTrack(ref ReadOnlySpan<byte> plain, TraceRollupKey key, bool withHistograms)
    {
        var entries = Varint.ReadCount(ref plain, Packed.PlainBytesMax);
        var hasLatencies = Varint.ReadCount(ref plain, (int)HasLatencies) != 0;
        var (buckets, counts) = (IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries));
        if (!hasLatencies)
        {
            return new TraceRollupTrack(key, buckets, counts, [], [], [], [], []);
        }

        var (latencies, sums, maxs, sizes) = (
            IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries));
        if (!withHistograms)
        {
            Varint.Skip(ref plain, 2 * sizes.Sum());
            return new TraceRollupTrack(key, buckets, counts, latencies, sums, maxs, [], []);
        }

        var ends = EndsOf(sizes, plain.Length / 2);
        return new TraceRollupTrack(key, buckets, counts, latencies, sums, maxs, ends, ReadHistogram(ref plain, ends is [.., var all] ? all : 0));
    }

    /// <param name="max">More than so many pairs cannot follow.</param>
    private static int[] EndsOf(long[] sizes, int max)
    {
        var ends = new int[sizes.Length];
        var end = 0;
        for (var entry = 0; entry < sizes.Length; entry++)
        {
            end = sizes[entry] is >= 0 and <= LatencyHistogram.Buckets and var size && end + size <= max ? end + (int)size : throw new DamagedSegmentException("A histogram has more buckets than there are.");
            ends[entry] = end;
        }

        return ends;
    }

    private static LatencyCount[] ReadHistogram(ref ReadOnlySpan<byte> plain, int pairs)
    {
        var histogram = new LatencyCount[pairs];
        for (var pair = 0; pair < histogram.Length; pair++)
        {
            histogram[pair] = new LatencyCount(Varint.ReadCount(ref plain, LatencyHistogram.Buckets - 1), (long)Varint.Read(ref plain));
        }

        return histogram;
    }

    private static string ReadText(ref ReadOnlySpan<byte> plain)
    {
        var length = Varint.ReadCount(ref plain, plain.Length);
        var text = plain.Length >= length ? Encoding.UTF8.GetString(plain[..length]) : throw new DamagedSegmentException("A text is cut off.");
        plain = plain[length..];
        return text;
    }
}
