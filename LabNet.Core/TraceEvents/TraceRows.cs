using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>A segment's events, unpacked: columns over all rows, and for each event columns of its arguments over its own rows.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class TraceRows
{
    /// <summary>More than any segment unpacks to; what asks for more is damaged.</summary>
    private const int PlainBytesMax = 64 << 20;

    private readonly byte[][] _texts;
    private readonly int[] _eventOf;
    private readonly int[] _placeOf;
    private readonly int[][] _rowsOf;
    private readonly long[] _times;
    private readonly int[] _threadOf;
    private readonly TraceThread[] _threads;
    private readonly long[][][] _values;
    private readonly long[]?[] _latencies;

    private TraceRows(
        byte[][] texts, TraceThread[] threads, ImmutableArray<TraceEventType> types, long[][] rows, long[][][] values, long[]?[] latencies, long startNs)
    {
        (_texts, _threads, Types, _values, _latencies) = (texts, threads, types, values, latencies);
        _eventOf = Array.ConvertAll(rows[0], place => Within(place, types.Length));
        _times = Array.ConvertAll(rows[1], offset => startNs + offset);
        _threadOf = Array.ConvertAll(rows[2], place => Within(place, threads.Length));
        _placeOf = new int[_eventOf.Length];
        _rowsOf = new int[types.Length][];
        var seen = new int[types.Length];
        for (var row = 0; row < _eventOf.Length; row++)
        {
            _placeOf[row] = seen[_eventOf[row]]++;
        }

        for (var place = 0; place < types.Length; place++)
        {
            _rowsOf[place] = new int[seen[place]];
        }

        for (var row = 0; row < _eventOf.Length; row++)
        {
            _rowsOf[_eventOf[row]][_placeOf[row]] = row;
        }

        if (seen.Zip(values).Any(one => one.Second.Any(column => column.Length != one.First)))
        {
            throw new DamagedSegmentException("A segment has another number of an event's rows than it says.");
        }
    }

    public int Count => _times.Length;

    public ImmutableArray<TraceEventType> Types { get; }

    /// <exception cref="DamagedSegmentException"/>
    public static TraceRows Read(TraceSegment segment)
    {
        ReadOnlySpan<byte> plain = Decompress(segment.Data);
        if (plain.IsEmpty || plain[0] != TraceSegmentBuilder.Version)
        {
            throw new DamagedSegmentException("A segment is of no known version.");
        }

        plain = plain[1..];
        var count = ReadCount(ref plain, TraceSegmentBuilder.EventsMax);
        var texts = new byte[ReadCount(ref plain, plain.Length)][];
        for (var number = 0; number < texts.Length; number++)
        {
            var length = ReadCount(ref plain, plain.Length);
            texts[number] = plain[..length].ToArray();
            plain = plain[length..];
        }

        var threads = new TraceThread[ReadCount(ref plain, plain.Length)];
        for (var number = 0; number < threads.Length; number++)
        {
            var (id, vcpu) = (Varint.UnZigZag(Varint.Read(ref plain)), Varint.UnZigZag(Varint.Read(ref plain)));
            threads[number] = new TraceThread((int)id, vcpu < 0 ? null : (int)vcpu);
        }

        var types = ImmutableArray.CreateBuilder<TraceEventType>();
        var counts = new int[ReadCount(ref plain, plain.Length)];
        var latencies = new long[]?[counts.Length];
        for (var number = 0; number < counts.Length; number++)
        {
            types.Add(ReadType(ref plain, texts, count, out counts[number], out var endsRequests));
            latencies[number] = endsRequests ? new long[counts[number]] : null;
        }

        long[][] rows = [ReadColumn(ref plain, count), ReadColumn(ref plain, count), ReadColumn(ref plain, count)];
        var values = new long[counts.Length][][];
        for (var number = 0; number < counts.Length; number++)
        {
            values[number] = new long[types[number].Arguments.Length][];
            for (var argument = 0; argument < values[number].Length; argument++)
            {
                values[number][argument] = ReadColumn(ref plain, counts[number]);
            }

            if (latencies[number] is { } column)
            {
                IntegerColumn.Read(ref plain, column);
            }
        }

        return new TraceRows(texts, threads, types.ToImmutable(), rows, values, latencies, segment.StartNs);
    }

    /// <summary>UTC nanoseconds since 1970.</summary>
    public long TimeNsOf(int row) => _times[row];

    public TraceThread ThreadOf(int row) => _threads[_threadOf[row]];

    /// <summary>A place in <see cref="Types"/>.</summary>
    public int EventOf(int row) => _eventOf[row];

    /// <summary>An argument's value; of a text, what <see cref="TextOf"/> takes.</summary>
    public long ValueOf(int row, int argument) => _values[_eventOf[row]][argument][_placeOf[row]];

    /// <summary>Of the request that the event ended; null where it ended none, or the request's begin is not known.</summary>
    public long? LatencyNsOf(int row) => _latencies[_eventOf[row]]?[_placeOf[row]] is >= 0 and var latency ? latency : null;

    /// <summary>The rows of the event at a place in <see cref="Types"/>, in order.</summary>
    public ReadOnlySpan<int> RowsOf(int eventPlace) => _rowsOf[eventPlace];

    /// <summary>An argument's values, one for each of <see cref="RowsOf"/>.</summary>
    public ReadOnlySpan<long> ColumnOf(int eventPlace, int argument) => _values[eventPlace][argument];

    /// <summary>How long the requests took that these rows ended, in nanoseconds, -1 where not known; empty if of none it is known.</summary>
    public ReadOnlySpan<long> LatencyColumnOf(int eventPlace) => _latencies[eventPlace];

    public string TextOf(long value) => Encoding.UTF8.GetString(_texts[Within(value, _texts.Length)]);

    private static TraceEventType ReadType(ref ReadOnlySpan<byte> plain, byte[][] texts, int rows, out int count, out bool endsRequests)
    {
        var name = ReadWord(ref plain, texts);
        count = ReadCount(ref plain, rows);
        var flags = ReadCount(ref plain, TraceSegmentBuilder.IsTyped | TraceSegmentBuilder.EndsRequests);
        endsRequests = (flags & TraceSegmentBuilder.EndsRequests) != 0;
        var arguments = new TraceArgument[ReadCount(ref plain, plain.Length)];
        for (var number = 0; number < arguments.Length; number++)
        {
            arguments[number] = new TraceArgument(
                ReadWord(ref plain, texts), ReadWord(ref plain, texts), (TraceValueKind)ReadCount(ref plain, (int)TraceValueKind.Text));
        }

        return new TraceEventType(name, [.. arguments], (flags & TraceSegmentBuilder.IsTyped) != 0);
    }

    private static string ReadWord(ref ReadOnlySpan<byte> plain, byte[][] texts) => Encoding.UTF8.GetString(texts[Within((long)Varint.Read(ref plain), texts.Length)]);

    private static long[] ReadColumn(ref ReadOnlySpan<byte> plain, int count)
    {
        var column = new long[count];
        IntegerColumn.Read(ref plain, column);
        return column;
    }

    private static int ReadCount(ref ReadOnlySpan<byte> plain, int max) =>
        Varint.Read(ref plain) is var count && count <= (ulong)max ? (int)count : throw new DamagedSegmentException("A segment is longer than it can be.");

    private static int Within(long place, int length) =>
        place >= 0 && place < length ? (int)place : throw new DamagedSegmentException("A segment points to what it does not have.");

    private static byte[] Decompress(byte[] data)
    {
        try
        {
            using var deflate = new DeflateStream(new MemoryStream(data, writable: false), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            var buffer = new byte[64 << 10];
            for (var read = deflate.Read(buffer); read > 0; read = deflate.Read(buffer))
            {
                plain.Write(buffer, 0, read);
                if (plain.Length > PlainBytesMax)
                {
                    throw new DamagedSegmentException("A segment unpacks to more than any has.");
                }
            }

            return plain.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new DamagedSegmentException($"A segment cannot be unpacked: {e.Message}");
        }
    }
}
