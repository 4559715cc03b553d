using System.Collections.Immutable;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>A segment's events: columns over all rows, and for each event columns of its arguments over its own rows. A column is unpacked when it is first asked for.</summary>
/// <remarks>Immutable to the outside; two threads that ask for a column at once both unpack it.</remarks>
internal sealed class TraceRows
{
    private const int EventColumn = 0, TimeColumn = 1, ThreadColumn = 2, SequenceColumn = 3, FirstValueColumn = 4;

    private readonly byte[][] _texts;
    private readonly ImmutableArray<TraceThread> _threads;
    private readonly int[] _counts;
    private readonly int[] _firstColumnOf;
    private readonly ReadOnlyMemory<byte>[] _packed;
    private readonly long[]?[] _columns;
    private readonly long _startNs;
    private int[]? _placeOf;
    private int[][]? _rowsOf;

    private TraceRows(
        byte[][] texts, ImmutableArray<TraceThread> threads, ImmutableArray<TraceEventType> types, int[] counts, int count, ReadOnlyMemory<byte>[] packed, long[]?[] columns, long startNs)
    {
        (_texts, _threads, Types, _counts, Count, _packed, _columns, _startNs) = (texts, threads, types, counts, count, packed, columns, startNs);
        _firstColumnOf = new int[types.Length];
        var next = FirstValueColumn;
        for (var place = 0; place < types.Length; place++)
        {
            _firstColumnOf[place] = next;
            next += types[place].Arguments.Length + 1;
        }
    }

    public int Count { get; }

    public ImmutableArray<TraceEventType> Types { get; }

    /// <param name="counts">Rows of each type.</param>
    /// <param name="columns">Events, times (UTC), threads, sequences; then for each type its arguments and its latencies, which may be empty.</param>
    public static TraceRows Of(byte[][] texts, ImmutableArray<TraceThread> threads, ImmutableArray<TraceEventType> types, int[] counts, long[][] columns) =>
        new(texts, threads, types, counts, columns[EventColumn].Length, [], columns, startNs: 0);

    /// <inheritdoc cref="Read(byte[], long)"/>
    public static TraceRows Read(TraceSegment segment) => Read(segment.Data, segment.StartNs);

    /// <param name="data">Of a <see cref="TraceSegmentWriter"/>.</param>
    /// <param name="startNs">The time of the segment's earliest event.</param>
    /// <exception cref="DamagedSegmentException">Also later, when a column is asked for.</exception>
    public static TraceRows Read(byte[] data, long startNs)
    {
        var memory = Packed.UnpackMemory(data);
        var plain = memory.Span;
        if (plain.IsEmpty || plain[0] != TraceSegmentWriter.Version)
        {
            throw new DamagedSegmentException("A segment is of no known version.");
        }

        plain = plain[1..];
        var count = Varint.ReadCount(ref plain, TraceSegmentBuilder.EventsMax);
        var texts = new byte[Varint.ReadCount(ref plain, plain.Length)][];
        for (var number = 0; number < texts.Length; number++)
        {
            texts[number] = ReadBytes(ref plain).ToArray();
        }

        var threads = new TraceThread[Varint.ReadCount(ref plain, plain.Length)];
        for (var number = 0; number < threads.Length; number++)
        {
            var (id, vcpu) = (Varint.UnZigZag(Varint.Read(ref plain)), Varint.UnZigZag(Varint.Read(ref plain)));
            threads[number] = new TraceThread((int)id, vcpu < 0 ? null : (int)vcpu);
        }

        var counts = new int[Varint.ReadCount(ref plain, plain.Length)];
        var types = new TraceEventType[counts.Length];
        var endsRequests = new bool[counts.Length];
        for (var number = 0; number < counts.Length; number++)
        {
            types[number] = ReadType(ref plain, texts, count, out counts[number], out endsRequests[number]);
        }

        // What is left are the columns. A slice of memory is kept of each: where it begins is told by what is left of the span.
        var packed = new List<ReadOnlyMemory<byte>>();
        ReadOnlyMemory<byte> NextColumn(ref ReadOnlySpan<byte> rest)
        {
            var length = ReadBytes(ref rest).Length;
            return memory.Slice(memory.Length - rest.Length - length, length);
        }

        for (var column = 0; column < FirstValueColumn; column++)
        {
            packed.Add(NextColumn(ref plain));
        }

        for (var number = 0; number < counts.Length; number++)
        {
            for (var argument = 0; argument < types[number].Arguments.Length; argument++)
            {
                packed.Add(NextColumn(ref plain));
            }

            packed.Add(endsRequests[number] ? NextColumn(ref plain) : default);
        }

        return new TraceRows(texts, [.. threads], [.. types], counts, count, [.. packed], new long[packed.Count][], startNs);
    }

    /// <summary>A place in <see cref="Types"/>.</summary>
    public int EventOf(int row) => (int)Column(EventColumn, Count, Types.Length)[row];

    /// <summary>UTC nanoseconds since 1970.</summary>
    public long TimeNsOf(int row) => _startNs + Column(TimeColumn, Count)[row];

    public TraceThread ThreadOf(int row) => _threads[(int)Column(ThreadColumn, Count, _threads.Length)[row]];

    /// <summary>Grows from row to row.</summary>
    public long SequenceOf(int row) => Column(SequenceColumn, Count)[row];

    /// <summary>An argument's value; of a text, what <see cref="TextOf"/> takes.</summary>
    public long ValueOf(int row, int argument) => ColumnOf(EventOf(row), argument)[PlaceOf(row)];

    /// <summary>Of the request that the event ended; null where it ended none, or the request's begin is not known.</summary>
    public long? LatencyNsOf(int row) => LatencyColumnOf(EventOf(row)) is { IsEmpty: false } column && column[PlaceOf(row)] is >= 0 and var latency ? latency : null;

    public string TextOf(long value) => Encoding.UTF8.GetString(_texts[Within(value, _texts.Length)]);

    /// <summary>As <see cref="TextOf"/>, without making a string of it.</summary>
    public ReadOnlySpan<byte> Utf8Of(long value) => _texts[Within(value, _texts.Length)];

    /// <summary>An argument's values over the rows of its event.</summary>
    public ReadOnlySpan<long> ColumnOf(int eventPlace, int argument) => Column(_firstColumnOf[eventPlace] + argument, _counts[eventPlace]);

    /// <summary>Nanoseconds, -1 where not known, over the rows of the event; empty for an event that ends no request.</summary>
    public ReadOnlySpan<long> LatencyColumnOf(int eventPlace)
    {
        var column = _firstColumnOf[eventPlace] + Types[eventPlace].Arguments.Length;
        return _columns[column] ?? (_packed[column].IsEmpty ? [] : Column(column, _counts[eventPlace]));
    }

    /// <summary>The rows of an event, ascending.</summary>
    public ReadOnlySpan<int> RowsOf(int eventPlace)
    {
        FindPlaces();
        return _rowsOf![eventPlace];
    }

    private int PlaceOf(int row)
    {
        FindPlaces();
        return _placeOf![row];
    }

    private void FindPlaces()
    {
        if (_rowsOf is not null)
        {
            return;
        }

        var events = Column(EventColumn, Count, Types.Length);
        var (placeOf, next) = (new int[Count], new int[Types.Length]);
        var rowsOf = Array.ConvertAll(_counts, count => new int[count]);
        for (var row = 0; row < events.Length; row++)
        {
            var place = (int)events[row];
            placeOf[row] = next[place] < _counts[place] ? next[place]++ : throw new DamagedSegmentException("A segment has more of an event's rows than it says.");
            rowsOf[place][placeOf[row]] = row;
        }

        _placeOf = placeOf;
        _rowsOf = next.AsSpan().SequenceEqual(_counts) ? rowsOf : throw new DamagedSegmentException("A segment has fewer of an event's rows than it says.");
    }

    /// <param name="below">All values have to be from 0 to below it, because something is looked up by them.</param>
    private ReadOnlySpan<long> Column(int column, int count, int below = 0)
    {
        if (_columns[column] is { } known)
        {
            return known;
        }

        var packed = _packed[column].Span;
        var values = IntegerColumn.Read(ref packed, count);
        if (below > 0 || column is EventColumn or ThreadColumn)
        {
            foreach (var value in values)
            {
                Within(value, below);
            }
        }

        _columns[column] = values;
        return values;
    }

    private static TraceEventType ReadType(ref ReadOnlySpan<byte> plain, byte[][] texts, int rows, out int count, out bool endsRequests)
    {
        var name = ReadWord(ref plain, texts);
        count = Varint.ReadCount(ref plain, rows);
        var flags = Varint.ReadCount(ref plain, TraceSegmentWriter.IsTyped | TraceSegmentWriter.EndsRequests);
        endsRequests = (flags & TraceSegmentWriter.EndsRequests) != 0;
        var arguments = new TraceArgument[Varint.ReadCount(ref plain, plain.Length)];
        for (var number = 0; number < arguments.Length; number++)
        {
            arguments[number] = new TraceArgument(
                ReadWord(ref plain, texts), ReadWord(ref plain, texts), (TraceValueKind)Varint.ReadCount(ref plain, (int)TraceValueKind.Text));
        }

        return new TraceEventType(name, [.. arguments], (flags & TraceSegmentWriter.IsTyped) != 0);
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> plain)
    {
        var length = Varint.ReadCount(ref plain, plain.Length);
        var bytes = length <= plain.Length ? plain[..length] : throw new DamagedSegmentException("A segment is cut off.");
        plain = plain[length..];
        return bytes;
    }

    private static string ReadWord(ref ReadOnlySpan<byte> plain, byte[][] texts) => Encoding.UTF8.GetString(texts[Within((long)Varint.Read(ref plain), texts.Length)]);

    private static int Within(long place, int length) =>
        place >= 0 && place < length ? (int)place : throw new DamagedSegmentException("A segment points to what it does not have.");
}
