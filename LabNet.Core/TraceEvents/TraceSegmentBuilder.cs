using System.Runtime.CompilerServices;

namespace LabNet.Core.TraceEvents;

/// <summary>Gathers events of one VM until they are a segment.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSegmentBuilder
{
    /// <summary>Enough for a column to be worth its head, little enough to be decoded for one event.</summary>
    public const int EventsMax = 8192;

    private const int TextBytesMax = 1 << 20;

    private const int ValuesAtFirst = EventsMax * 6;
    private const long NotKnown = -1;
    private const int RecentTypes = 256;

    private readonly long[] _times = new long[EventsMax];
    private readonly long[] _events = new long[EventsMax];
    private readonly long[] _threads = new long[EventsMax];
    private readonly long[] _sequences = new long[EventsMax];
    private readonly int[] _valuesAt = new int[EventsMax];
    private readonly List<EventRows> _rows = [];
    private readonly Dictionary<TraceEventType, EventRows> _rowsOf = new(ReferenceEqualityComparer.Instance);
    private readonly List<TraceThread> _threadTable = [];
    private readonly TraceSegmentWriter _writer = new();
    private readonly long[] _column = new long[EventsMax];
    private readonly int[] _grouped = new int[EventsMax];
    private readonly EventRows?[] _recent = new EventRows?[RecentTypes];

    /// <summary>Event by event its arguments and then its latency: a column would be a place of its own to write to for each argument of each event.</summary>
    private long[] _values = new long[ValuesAtFirst];
    private int _valueCount;
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
        var rows = RowsOf(type);
        rows.Count++;
        rows.EndsRequests |= latencyNs is not null;
        _sequences[Count] = sequence;
        _times[Count] = timeNs;
        _events[Count] = rows.Place;
        _threads[Count] = PlaceOf(thread);
        _valuesAt[Count] = _valueCount;
        Count++;
        if (_valueCount + values.Length >= _values.Length)
        {
            Array.Resize(ref _values, (_valueCount + values.Length) * 2);
        }

        values.CopyTo(_values.AsSpan(_valueCount));
        _values[_valueCount + values.Length] = latencyNs ?? NotKnown;
        _valueCount += values.Length + 1;
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

        Group();
        return new TraceSegment(_sequences[0], _sequences[Count - 1], start, end, Count, RollUp(), Pack(start));
    }

    /// <summary>What was gathered, as it would be read.</summary>
    public TraceRows Snapshot()
    {
        List<long[]> columns = [_events[..Count], _times[..Count], _threads[..Count], _sequences[..Count]];
        Group();
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
        _rows.Clear();
        _rowsOf.Clear();
        _threadTable.Clear();
        _valueCount = 0;
        Array.Clear(_recent);
        _lastThread = 0;
        Texts.Clear();
        Count = 0;
    }

    private byte[] Pack(long start)
    {
        // What the events are called stands behind the texts that they carry.
        var words = _rows.ConvertAll(rows => TraceSegmentWriter.WordsOf(rows.Type, Texts));
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

        _writer.Column(_column.AsSpan(0, Count));
        _writer.Column(_threads.AsSpan(0, Count));
        _writer.Column(_sequences.AsSpan(0, Count));
        foreach (var rows in _rows)
        {
            for (var argument = 0; argument < rows.Type.Arguments.Length + (rows.EndsRequests ? 1 : 0); argument++)
            {
                _writer.Column(ColumnOf(rows, argument));
            }
        }

        return _writer.End();
    }

    private TraceRollup RollUp()
    {
        var builder = new TraceRollupBuilder(level: 0);
        var width = TraceRollup.WidthOf(0);
        foreach (var rows in _rows)
        {
            var cells = new Dictionary<(long Thread, long Device), TraceRollupCells>();
            ((long, long) Key, TraceRollupCells Cells)? last = null;
            foreach (var row in _grouped.AsSpan(rows.First, rows.Count))
            {
                var values = _values.AsSpan(_valuesAt[row], rows.Type.Arguments.Length + 1);
                var key = (_threads[row], Device: rows.Device < 0 ? -1 : values[rows.Device]);
                if (last is not { } one || one.Key != key)
                {
                    one = (key, CellsOf(builder, cells, rows.Type, key));
                    last = one;
                }

                one.Cells.Add(_times[row] / width, values[^1]);
            }
        }

        return builder.Build();
    }

    private TraceRollupCells CellsOf(
        TraceRollupBuilder builder, Dictionary<(long Thread, long Device), TraceRollupCells> known, TraceEventType type, (long Thread, long Device) key)
    {
        if (!known.TryGetValue(key, out var cells))
        {
            cells = builder.CellsOf(new TraceRollupKey(type.Name, _threadTable[(int)key.Thread], key.Device < 0 ? null : Texts.TextOf(key.Device)));
            known[key] = cells;
        }

        return cells;
    }

    /// <summary>Finds each event's rows, event after event.</summary>
    private void Group()
    {
        var next = 0;
        foreach (var rows in _rows)
        {
            rows.First = next;
            next += rows.Count;
        }

        Span<int> seen = stackalloc int[_rows.Count];
        for (var row = 0; row < Count; row++)
        {
            var place = (int)_events[row];
            _grouped[_rows[place].First + seen[place]++] = row;
        }
    }

    /// <summary>After <see cref="Group"/>.</summary>
    /// <returns>Until the next call.</returns>
    private ReadOnlySpan<long> ColumnOf(EventRows rows, int argument)
    {
        var column = _column.AsSpan(0, rows.Count);
        var from = _grouped.AsSpan(rows.First, rows.Count);
        for (var row = 0; row < column.Length; row++)
        {
            column[row] = _values[_valuesAt[from[row]] + argument];
        }

        return column;
    }

    private EventRows RowsOf(TraceEventType type)
    {
        // Most events are of a few types that take turns.
        ref var recent = ref _recent[RuntimeHelpers.GetHashCode(type) & (RecentTypes - 1)];
        if (recent is not null && ReferenceEquals(recent.Type, type))
        {
            return recent;
        }

        if (!_rowsOf.TryGetValue(type, out var rows))
        {
            rows = new EventRows(type, _rows.Count);
            _rows.Add(rows);
            _rowsOf[type] = rows;
        }

        return recent = rows;
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

    /// <summary>The rows of one event.</summary>
    private sealed class EventRows(TraceEventType type, int place)
    {
        public TraceEventType Type { get; } = type;

        public int Place { get; } = place;

        public int Count { get; set; }

        /// <summary>Whether a latency is known of one of them.</summary>
        public bool EndsRequests { get; set; }

        /// <summary>The argument that names a device; below 0 if none does.</summary>
        public int Device { get; } = TraceDevice.ArgumentOf(type);

        /// <summary>Where they begin when all rows are grouped by their event.</summary>
        public int First { get; set; }
    }
}
