namespace LabNet.Core.TraceEvents;

/// <summary>Gathers events of one VM until they are a segment.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSegmentBuilder
{
    /// <summary>Enough for a column to be worth its head, little enough to be decoded for one event.</summary>
    public const int EventsMax = 8192;

    private const int TextBytesMax = 1 << 20;

    private readonly long[] _times = new long[EventsMax];
    private readonly long[] _events = new long[EventsMax];
    private readonly long[] _threads = new long[EventsMax];
    private readonly long[] _sequences = new long[EventsMax];
    private readonly List<Columns> _columns = [];
    private readonly Dictionary<TraceEventType, Columns> _columnsOf = new(ReferenceEqualityComparer.Instance);
    private readonly List<TraceThread> _threadTable = [];
    private readonly TraceSegmentWriter _writer = new();
    private Columns? _last;
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
        var columns = ColumnsOf(type);
        columns.Add(values, latencyNs);
        _sequences[Count] = sequence;
        _times[Count] = timeNs;
        _events[Count] = columns.Place;
        _threads[Count] = PlaceOf(thread);
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

        return new TraceSegment(_sequences[0], _sequences[Count - 1], start, end, Count, RollUp(), Pack(start));
    }

    /// <summary>What was gathered, as it would be read.</summary>
    public TraceRows Snapshot() => TraceRows.Of(
        [.. Texts.All],
        [.. _threadTable],
        [.. _columns.Select(columns => columns.Type)],
        [.. _columns.Select(columns => columns.Count)],
        [
            _events[..Count], _times[..Count], _threads[..Count], _sequences[..Count],
            .. _columns.SelectMany(columns => (long[][])[.. Enumerable.Range(0, columns.Type.Arguments.Length).Select(argument => columns.ValuesOf(argument).ToArray()), columns.Latencies.ToArray()]),
        ]);

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _columns.Clear();
        _columnsOf.Clear();
        _threadTable.Clear();
        _last = null;
        _lastThread = 0;
        Texts.Clear();
        Count = 0;
    }

    private byte[] Pack(long start)
    {
        // What the events are called stands behind the texts that they carry.
        var words = _columns.ConvertAll(columns => TraceSegmentWriter.WordsOf(columns.Type, Texts));
        _writer.Begin(Count);
        _writer.Texts(Texts.All);
        _writer.Threads(_threadTable);
        _writer.Events(_columns.Count);
        for (var place = 0; place < _columns.Count; place++)
        {
            _writer.Event(_columns[place].Type, words[place], _columns[place].Count, !_columns[place].Latencies.IsEmpty);
        }

        _writer.Column(_events.AsSpan(0, Count));
        _writer.Column(Array.ConvertAll(_times[..Count], time => time - start));
        _writer.Column(_threads.AsSpan(0, Count));
        _writer.Column(_sequences.AsSpan(0, Count));
        foreach (var columns in _columns)
        {
            for (var argument = 0; argument < columns.Type.Arguments.Length; argument++)
            {
                _writer.Column(columns.ValuesOf(argument));
            }

            if (!columns.Latencies.IsEmpty)
            {
                _writer.Column(columns.Latencies);
            }
        }

        return _writer.End();
    }

    private TraceRollup RollUp()
    {
        var builder = new TraceRollupBuilder(level: 0);
        var width = TraceRollup.WidthOf(0);
        var cells = new Dictionary<(long Thread, long Device), TraceRollupCells>[_columns.Count];
        Span<int> seen = stackalloc int[_columns.Count];
        for (var row = 0; row < Count; row++)
        {
            var place = (int)_events[row];
            var (columns, number) = (_columns[place], seen[place]++);
            var device = columns.DeviceOf(number);
            var ofEvent = cells[place] ??= [];
            if (!ofEvent.TryGetValue((_threads[row], device), out var one))
            {
                one = builder.CellsOf(new TraceRollupKey(columns.Type.Name, _threadTable[(int)_threads[row]], device < 0 ? null : Texts.TextOf(device)));
                ofEvent[(_threads[row], device)] = one;
            }

            one.Add(_times[row] / width, columns.LatencyNsOf(number));
        }

        return builder.Build();
    }

    private Columns ColumnsOf(TraceEventType type)
    {
        if (_last is not null && ReferenceEquals(_last.Type, type))
        {
            return _last;
        }

        if (!_columnsOf.TryGetValue(type, out var columns))
        {
            columns = new Columns(type, _columns.Count);
            _columns.Add(columns);
            _columnsOf[type] = columns;
        }

        _last = columns;
        return columns;
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

    /// <summary>The values of one event's arguments.</summary>
    private sealed class Columns(TraceEventType type, int place)
    {
        private const int AtFirst = 256;

        private readonly long[][] _values = [.. type.Arguments.Select(_ => new long[AtFirst])];
        private readonly int _device = TraceDevice.ArgumentOf(type);
        private long[] _latencies = [];

        public TraceEventType Type { get; } = type;

        public int Place { get; } = place;

        public int Count { get; private set; }

        /// <summary>None before the first one that is known; then one for each row.</summary>
        public ReadOnlySpan<long> Latencies => _latencies.AsSpan(0, Math.Min(_latencies.Length, Count));

        public void Add(ReadOnlySpan<long> values, long? latencyNs)
        {
            if (latencyNs is not null || _latencies.Length > 0)
            {
                AddLatency(latencyNs ?? -1);
            }

            for (var argument = 0; argument < _values.Length; argument++)
            {
                if (Count == _values[argument].Length)
                {
                    Array.Resize(ref _values[argument], Count * 2);
                }

                _values[argument][Count] = values[argument];
            }

            Count++;
        }

        public ReadOnlySpan<long> ValuesOf(int argument) => _values[argument].AsSpan(0, Count);

        /// <returns>The text's place; below 0 of an event that names no device.</returns>
        public long DeviceOf(int row) => _device < 0 ? -1 : _values[_device][row];

        /// <returns>Below 0 where it is not known.</returns>
        public long LatencyNsOf(int row) => row < _latencies.Length ? _latencies[row] : -1;

        private void AddLatency(long latencyNs)
        {
            if (Count >= _latencies.Length)
            {
                var before = _latencies.Length;
                Array.Resize(ref _latencies, Math.Max(AtFirst, Math.Max(Count + 1, before * 2)));
                _latencies.AsSpan(before).Fill(-1);
            }

            _latencies[Count] = latencyNs;
        }
    }
}
