using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>What a rollup tells apart.</summary>
/// <param name="Device">Of events that name one; null of others.</param>
internal sealed record TraceRollupKey(string Event, TraceThread Thread, string? Device);

/// <summary>One key's events, bucket by bucket; all columns have an entry for each bucket with an event in it.</summary>
/// <param name="Buckets">Their numbers, from 1970 on, growing.</param>
/// <param name="LatencyCounts">How many of the events ended a request whose latency is known. Empty, as the two behind it, if none did.</param>
/// <param name="Histogram">Empty, or the pairs (<see cref="LatencyHistogram"/> bucket, count) of each entry.</param>
internal sealed record TraceRollupTrack(
    TraceRollupKey Key, long[] Buckets, long[] Counts, long[] LatencyCounts, long[] LatencySumsNs, long[] LatencyMaxsNs, (int Bucket, long Count)[][] Histogram);

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

    private const byte Version = 1;
    private const ulong HasLatencies = 1;
    private const long NanosecondsAtLevel0 = 1_000_000;
    private const int TracksMax = 1 << 20;
    private const int PlainBytesAtFirst = 16 << 10;

    /// <summary>A bucket's width in nanoseconds.</summary>
    public static long WidthOf(int level) => NanosecondsAtLevel0 << (2 * level);

    /// <summary>Several of one level as one of the next.</summary>
    public static TraceRollup Merge(IReadOnlyList<TraceRollup> rollups)
    {
        var builder = new TraceRollupBuilder(rollups[0].Level + 1);
        foreach (var track in rollups.SelectMany(rollup => rollup.Tracks))
        {
            var cells = builder.CellsOf(track.Key);
            for (var entry = 0; entry < track.Buckets.Length; entry++)
            {
                cells.Add(track, entry, track.Buckets[entry] >> 2);
            }
        }

        return builder.Build();
    }

    public byte[] Pack()
    {
        var plain = new ArrayBufferWriter<byte>(PlainBytesAtFirst);
        plain.Write([Version]);
        Varint.Write(plain, (ulong)Tracks.Length);
        foreach (var track in Tracks)
        {
            WriteText(plain, track.Key.Event);
            Varint.Write(plain, Varint.ZigZag(track.Key.Thread.Id));
            Varint.Write(plain, Varint.ZigZag(track.Key.Thread.Vcpu ?? -1));
            WriteText(plain, track.Key.Device ?? "");
            Varint.Write(plain, (ulong)track.Buckets.Length);
            Varint.Write(plain, track.LatencyCounts.Length > 0 ? HasLatencies : 0);
            IntegerColumn.Write(plain, track.Buckets);
            IntegerColumn.Write(plain, track.Counts);
            if (track.LatencyCounts.Length > 0)
            {
                WriteLatencies(plain, track);
            }
        }

        return Packed.Pack(plain.WrittenSpan);
    }

    /// <param name="withHistograms">Without, each <see cref="TraceRollupTrack.Histogram"/> is empty: a picture needs none, and they are the most of it.</param>
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
            return new TraceRollupTrack(key, buckets, counts, [], [], [], []);
        }

        var (latencies, sums, maxs, sizes) = (
            IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries), IntegerColumn.Read(ref plain, entries));
        if (!withHistograms)
        {
            Varint.Skip(ref plain, 2 * sizes.Sum());
            return new TraceRollupTrack(key, buckets, counts, latencies, sums, maxs, []);
        }

        return new TraceRollupTrack(key, buckets, counts, latencies, sums, maxs, ReadHistogram(ref plain, sizes));
    }

    private static (int Bucket, long Count)[][] ReadHistogram(ref ReadOnlySpan<byte> plain, long[] sizes)
    {
        var histogram = new (int, long)[sizes.Length][];
        for (var entry = 0; entry < sizes.Length; entry++)
        {
            histogram[entry] = sizes[entry] is >= 0 and <= LatencyHistogram.Buckets and var size ? new (int, long)[size] : throw new DamagedSegmentException("A histogram has more buckets than there are.");
            for (var pair = 0; pair < histogram[entry].Length; pair++)
            {
                histogram[entry][pair] = (Varint.ReadCount(ref plain, LatencyHistogram.Buckets - 1), (long)Varint.Read(ref plain));
            }
        }

        return histogram;
    }

    private static void WriteLatencies(ArrayBufferWriter<byte> plain, TraceRollupTrack track)
    {
        IntegerColumn.Write(plain, track.LatencyCounts);
        IntegerColumn.Write(plain, track.LatencySumsNs);
        IntegerColumn.Write(plain, track.LatencyMaxsNs);
        IntegerColumn.Write(plain, Array.ConvertAll(track.Histogram, pairs => (long)pairs.Length));
        foreach (var pairs in track.Histogram)
        {
            var room = plain.GetSpan(pairs.Length * 2 * Varint.BytesMax);
            var length = 0;
            foreach (var (bucket, count) in pairs)
            {
                length += Varint.Write(room[length..], (ulong)bucket);
                length += Varint.Write(room[length..], (ulong)count);
            }

            plain.Advance(length);
        }
    }

    private static void WriteText(ArrayBufferWriter<byte> plain, string text)
    {
        Varint.Write(plain, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, plain);
    }

    private static string ReadText(ref ReadOnlySpan<byte> plain)
    {
        var length = Varint.ReadCount(ref plain, plain.Length);
        var text = plain.Length >= length ? Encoding.UTF8.GetString(plain[..length]) : throw new DamagedSegmentException("A text is cut off.");
        plain = plain[length..];
        return text;
    }
}
