using System.Runtime.CompilerServices;

namespace LabNet.Core.TraceEvents;

/// <summary>Gathers events of one VM until they are a segment.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSegmentBuilder
{
    /// <summary>Enough for a column to be worth its head, little enough to be decoded for one event.</summary>
    public const int EventsMax = 8192;

    private const int TextBytesMax = 1 << 20;

    /// <summary>Room for values is kept from segment to segment, but not more than that: each of some thousand events may have filled a segment once.</summary>
    private const int KeptRoomMax = 1 << 19;

    private const int RecentTypes = 256;

    private readonly long[] _times = new long[EventsMax];
    private readonly long[] _events = new long[EventsMax];
    private readonly long[] _threads = new long[EventsMax];
    private readonly long[] _sequences = new long[EventsMax];
    private readonly List<TraceEventRows> _rows = [];
    private readonly Dictionary<TraceEventType, TraceEventRows> _rowsOf = new(ReferenceEqualityComparer.Instance);
    private readonly TraceEventRows?[] _recent = new TraceEventRows?[RecentTypes];
    private readonly List<TraceThread> _threadTable = [];
    private readonly TraceSegmentWriter _writer = new();
    private readonly TraceRollupBuilder _rollup = new();
    private readonly long[] _column = new long[EventsMax];

    private int _lastThread;

    public TraceTexts Texts { get; } = new();

    public int Count { get; private set; }

    /// <summary>Of the newest event; not of nothing.</summary>
    public long LastSequence => _sequences[Count - 1];

    public bool IsFull => Count == EventsMax || Texts.Bytes >= TextBytesMax;

    /// <param name="sequence">Larger than those before.</param>
    /// <param name="type">The same object for the same event.</param>
    /// <param name="values">One for each argument; texts are places in <see cref="Texts"/>.</param>
    /// <param name="latencyNs">Of the request that the event ends.</param>
    public void Add(long sequence, long timeNs, TraceThread thread, TraceEventType type, ReadOnlySpan<long> values, long? latencyNs)
    {
        var (rows, threadPlace) = (RowsOf(type), PlaceOf(thread));
        rows.Add(timeNs, threadPlace, values, latencyNs);
        _sequences[Count] = sequence;
        _times[Count] = timeNs;
        _events[Count] = rows.Place;
        _threads[Count] = threadPlace;
        Count++;
    }

    /// <summary>What was gathered, packed; it stays, and may grow on. Not of nothing.</summary>
    public TraceSegment Build()
    {
        var times = _times.AsSpan(0, Count);
        var (start, end) = (long.MaxValue, long.MinValue);
        foreach (var time in times)
        {
            (start, end) = (Math.Min(start, time), Math.Max(end, time));
        }

        foreach (var rows in _rows)
        {
            rows.RollUp(_rollup, _threadTable, Texts);
        }

        return new TraceSegment(_sequences[0], _sequences[Count - 1], start, end, Count, _rollup.Pack(), Pack(start));
    }

    /// <summary>What was gathered, as it would be read.</summary>
    public TraceRows Snapshot()
    {
        List<long[]> columns = [_events[..Count], _times[..Count], _threads[..Count], _sequences[..Count]];
        foreach (var rows in _rows)
        {
            for (var argument = 0; argument < rows.Type.Arguments.Length; argument++)
            {
                columns.Add(ColumnOf(rows, argument).ToArray());
            }

            columns.Add(rows.EndsRequests ? ColumnOf(rows, rows.Type.Arguments.Length).ToArray() : []);
        }

        return TraceRows.Of([.. Texts.All], [.. _threadTable], [.. _rows.Select(rows => rows.Type)], [.. _rows.Select(rows => rows.Count)], [.. columns]);
    }

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        var room = 0;
        foreach (var rows in _rowsOf.Values)
        {
            room += rows.Room;
        }

        if (room > KeptRoomMax)
        {
            _rowsOf.Clear();
        }

        _rows.Clear();
        Array.Clear(_recent);
        _threadTable.Clear();
        _lastThread = 0;
        Texts.Clear();
        Count = 0;
    }

    private byte[] Pack(long start)
    {
        // What the events are called stands behind the texts that they carry.
        var words = _rows.ConvertAll(rows => Array.ConvertAll(rows.Words, word => Texts.NumberOf(word)));
        _writer.Begin(Count);
        _writer.Texts(Texts.All);
        _writer.Threads(_threadTable);
        _writer.Events(_rows.Count);
        for (var place = 0; place < _rows.Count; place++)
        {
            _writer.Event(_rows[place].Type, words[place], _rows[place].Count, _rows[place].EndsRequests);
        }

        _writer.Column(_events.AsSpan(0, Count));
        for (var row = 0; row < Count; row++)
        {
            _column[row] = _times[row] - start;
        }

        _writer.Times(_column.AsSpan(0, Count));
        _writer.Column(_threads.AsSpan(0, Count));
        _writer.Column(_sequences.AsSpan(0, Count));
        foreach (var rows in _rows)
        {
            for (var argument = 0; argument < rows.Type.Arguments.Length; argument++)
            {
                _writer.Column(ColumnOf(rows, argument));
            }

            if (rows.EndsRequests)
            {
                _writer.Times(ColumnOf(rows, rows.Type.Arguments.Length));
            }
        }

        return _writer.End();
    }

    /// <returns>Until the next call.</returns>
    private ReadOnlySpan<long> ColumnOf(TraceEventRows rows, int argument)
    {
        var column = _column.AsSpan(0, rows.Count);
        rows.CopyColumn(argument, column);
        return column;
    }

    private TraceEventRows RowsOf(TraceEventType type)
    {
        // Most events are of a few types that take turns.
        ref var recent = ref _recent[RuntimeHelpers.GetHashCode(type) & (RecentTypes - 1)];
        return recent is not null && ReferenceEquals(recent.Type, type) ? recent : recent = FindRowsOf(type);
    }

    private TraceEventRows FindRowsOf(TraceEventType type)
    {
        if (!_rowsOf.TryGetValue(type, out var rows))
        {
            rows = new TraceEventRows(type);
            _rowsOf[type] = rows;
        }

        if (rows.Place >= _rows.Count || _rows[rows.Place] != rows)
        {
            rows.Begin(_rows.Count);
            _rows.Add(rows);
        }

        return rows;
    }

    private int PlaceOf(TraceThread thread)
    {
        if (_lastThread < _threadTable.Count && _threadTable[_lastThread] == thread)
        {
            return _lastThread;
        }

        var place = _threadTable.IndexOf(thread);
        if (place < 0)
        {
            place = _threadTable.Count;
            _threadTable.Add(thread);
        }

        return _lastThread = place;
    }
}
