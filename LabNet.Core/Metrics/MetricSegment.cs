using System.Buffers;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.Metrics;

/// <summary>
/// Many series of one VM, column by column. A reader that wants one of them decodes that one alone.
/// <code>
/// segment   = %x01 TIMES-COUNT { times } SERIES-COUNT { entry } { series }
/// times     = COUNT BYTES column     ; microseconds after the segment's start; series that were measured together share one
/// entry     = BYTES key TIMES-NUMBER BYTES       ; the bytes of the series below
/// series    = column [ column column column ]    ; min [ max − min, mean − min, count ], the last three only where bins hold several samples
/// </code>
/// Numbers are varints, see <see cref="IntegerColumn"/>; a key is UTF-8.
/// </summary>
internal static class MetricSegment
{
    private const byte Version = 1;
    private const long NanosecondsPerUnit = 1000;

    /// <summary>In all its columns of times; more than any segment has.</summary>
    private const ulong BinsMax = 4_000_000;

    public static byte[] Write(long startNs, IReadOnlyDictionary<string, List<MetricBin>> series)
    {
        var times = new List<(long[] Offsets, byte[] Column)>();
        var entries = new ArrayBufferWriter<byte>();
        var columns = new ArrayBufferWriter<byte>();
        foreach (var (key, bins) in series)
        {
            var before = columns.WrittenCount;
            WriteSeries(columns, bins);
            WriteText(entries, key);
            Varint.Write(entries, (ulong)NumberOf(times, bins, startNs));
            Varint.Write(entries, (ulong)(columns.WrittenCount - before));
        }

        var blob = new ArrayBufferWriter<byte>();
        blob.Write([Version]);
        Varint.Write(blob, (ulong)times.Count);
        foreach (var (offsets, column) in times)
        {
            Varint.Write(blob, (ulong)offsets.Length);
            Varint.Write(blob, (ulong)column.Length);
            blob.Write(column);
        }

        Varint.Write(blob, (ulong)series.Count);
        blob.Write(entries.WrittenSpan);
        blob.Write(columns.WrittenSpan);
        return blob.WrittenSpan.ToArray();
    }

    /// <param name="wants">Chooses series by their keys.</param>
    /// <exception cref="DamagedSegmentException"/>
    public static Dictionary<string, List<MetricBin>> Read(long startNs, ReadOnlySpan<byte> blob, Func<string, bool> wants)
    {
        if (blob.IsEmpty || blob[0] != Version)
        {
            throw new DamagedSegmentException("A segment is of no known version.");
        }

        blob = blob[1..];
        var times = ReadTimes(ref blob, startNs);
        var entries = ReadEntries(ref blob, times.Length);
        var series = new Dictionary<string, List<MetricBin>>();
        foreach (var (key, number, length) in entries)
        {
            if (length > blob.Length)
            {
                throw new DamagedSegmentException("A segment is cut off.");
            }

            if (wants(key))
            {
                series[key] = ReadSeries(blob[..length], times[number]);
            }

            blob = blob[length..];
        }

        return series;
    }

    private static void WriteSeries(ArrayBufferWriter<byte> to, List<MetricBin> bins)
    {
        IntegerColumn.Write(to, [.. bins.Select(bin => bin.Min)]);
        if (bins.Exists(bin => bin.Count != 1))
        {
            IntegerColumn.Write(to, [.. bins.Select(bin => unchecked(bin.Max - bin.Min))]);
            IntegerColumn.Write(to, [.. bins.Select(bin => unchecked(bin.Mean - bin.Min))]);
            IntegerColumn.Write(to, [.. bins.Select(bin => bin.Count)]);
        }
    }

    private static List<MetricBin> ReadSeries(ReadOnlySpan<byte> columns, long[] times)
    {
        Span<long> min = new long[times.Length], range = new long[times.Length], mean = new long[times.Length], count = new long[times.Length];
        IntegerColumn.Read(ref columns, min);
        count.Fill(1);
        if (!columns.IsEmpty)
        {
            IntegerColumn.Read(ref columns, range);
            IntegerColumn.Read(ref columns, mean);
            IntegerColumn.Read(ref columns, count);
        }

        var bins = new List<MetricBin>(times.Length);
        for (var place = 0; place < times.Length; place++)
        {
            bins.Add(new MetricBin(times[place], min[place], unchecked(min[place] + range[place]), unchecked(min[place] + mean[place]), count[place]));
        }

        return bins;
    }

    private static int NumberOf(List<(long[] Offsets, byte[] Column)> times, List<MetricBin> bins, long startNs)
    {
        long[] offsets = [.. bins.Select(bin => (bin.TimeNs - startNs) / NanosecondsPerUnit)];
        var number = times.FindIndex(one => one.Offsets.AsSpan().SequenceEqual(offsets));
        if (number < 0)
        {
            var column = new ArrayBufferWriter<byte>();
            IntegerColumn.Write(column, offsets);
            number = times.Count;
            times.Add((offsets, column.WrittenSpan.ToArray()));
        }

        return number;
    }

    private static long[][] ReadTimes(ref ReadOnlySpan<byte> blob, long startNs)
    {
        var times = new long[Bounded(Varint.Read(ref blob), (ulong)blob.Length)][];
        var left = BinsMax;
        for (var number = 0; number < times.Length; number++)
        {
            // A damaged segment must not ask for all the memory there is.
            var offsets = new long[Bounded(Varint.Read(ref blob), left)];
            left -= (ulong)offsets.Length;
            var length = Bounded(Varint.Read(ref blob), (ulong)blob.Length);
            var column = blob[..length];
            IntegerColumn.Read(ref column, offsets);
            times[number] = Array.ConvertAll(offsets, offset => unchecked(startNs + (offset * NanosecondsPerUnit)));
            blob = blob[length..];
        }

        return times;
    }

    private static List<(string Key, int Number, int Length)> ReadEntries(ref ReadOnlySpan<byte> blob, int times)
    {
        var count = Bounded(Varint.Read(ref blob), (ulong)blob.Length);
        var entries = new List<(string, int, int)>(count);
        for (var place = 0; place < count; place++)
        {
            var length = Bounded(Varint.Read(ref blob), (ulong)blob.Length);
            var key = Encoding.UTF8.GetString(blob[..length]);
            blob = blob[length..];
            var number = Bounded(Varint.Read(ref blob), times == 0 ? 0 : (ulong)times - 1);
            entries.Add((key, number, Bounded(Varint.Read(ref blob), (ulong)blob.Length)));
        }

        return entries;
    }

    private static int Bounded(ulong number, ulong max) => number <= max ? (int)number : throw new DamagedSegmentException("A segment is longer than it can be.");

    private static void WriteText(ArrayBufferWriter<byte> to, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Varint.Write(to, (ulong)bytes.Length);
        to.Write(bytes);
    }
}
