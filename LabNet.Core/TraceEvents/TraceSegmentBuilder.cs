using System.Buffers;
using System.IO.Compression;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Some thousands of events of one VM, in the order in which they were read, column by column. Compressed as a raw deflate stream:
/// <code>
/// segment   = %x01 COUNT TEXTS { text } THREADS { thread } EVENTS { event } rows { values }
/// text      = BYTES utf-8
/// thread    = ID VCPU              ; zig-zag; a vCPU's number, or -1 for a thread of QEMU's own
/// event     = name COUNT FLAGS ARGUMENTS { name type KIND }      ; names and types are texts; FLAGS: 1 typed, 2 ends requests
/// rows      = events times threads ; a column each: the event's place above, ns since the segment's start, the thread's place above
/// values    = { column } [ column ]; for each event above: its arguments of its rows; with flag 2 the requests' ns, -1 where not known
/// </code>
/// Numbers are varints, columns <see cref="IntegerColumn"/>. The value of an argument of kind text is the text's place.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSegmentBuilder
{
    public const byte Version = 1;
    public const int IsTyped = 1;
    public const int EndsRequests = 2;

    /// <summary>Enough for a column to be worth its head, little enough to be decoded for one event.</summary>
    public const int EventsMax = 8192;

    private const int TextBytesMax = 1 << 20;

    private readonly long[] _times = new long[EventsMax];
    private readonly long[] _events = new long[EventsMax];
    private readonly long[] _threads = new long[EventsMax];
    private readonly List<Columns> _columns = [];
    private readonly Dictionary<TraceEventType, Columns> _columnsOf = new(ReferenceEqualityComparer.Instance);
    private readonly List<TraceThread> _threadTable = [];
    private readonly ArrayBufferWriter<byte> _plain = new();
    private Columns? _last;

    public TraceTexts Texts { get; } = new();

    public int Count { get; private set; }

    public bool IsFull => Count == EventsMax || Texts.Bytes >= TextBytesMax;

    /// <param name="type">The same object for the same event.</param>
    /// <param name="latencyNs">Of the request that the event ends.</param>
    public void Add(long timeNs, TraceThread thread, TraceEventType type, ReadOnlySpan<long> values, long? latencyNs)
    {
        var columns = ColumnsOf(type);
        columns.Add(values, latencyNs);
        _times[Count] = timeNs;
        _events[Count] = columns.Place;
        _threads[Count] = PlaceOf(thread);
        Count++;
    }

    /// <summary>Empties the builder.</summary>
    public TraceSegment Build()
    {
        var times = _times.AsSpan(0, Count);
        var (start, end) = (long.MaxValue, long.MinValue);
        foreach (var time in times)
        {
            (start, end) = (Math.Min(start, time), Math.Max(end, time));
        }

        Encode(start);
        var segment = new TraceSegment(start, end, Count, [.. _columns.Select(columns => new TraceEventCount(columns.Type.Name, columns.Count))], Compress(_plain.WrittenSpan));
        Clear();
        return segment;
    }

    private static byte[] Compress(ReadOnlySpan<byte> plain)
    {
        using var memory = new MemoryStream();
        using (var deflate = new DeflateStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(plain);
        }

        return memory.ToArray();
    }

    private void Encode(long start)
    {
        _plain.ResetWrittenCount();
        _plain.Write([Version]);
        Varint.Write(_plain, (ulong)Count);

        // What the events are called stands behind the texts that they carry.
        var names = _columns.Select(columns => NamesOf(columns.Type)).ToList();
        Varint.Write(_plain, (ulong)Texts.All.Count);
        foreach (var text in Texts.All)
        {
            Varint.Write(_plain, (ulong)text.Length);
            _plain.Write(text);
        }

        Varint.Write(_plain, (ulong)_threadTable.Count);
        foreach (var thread in _threadTable)
        {
            Varint.Write(_plain, Varint.ZigZag(thread.Id));
            Varint.Write(_plain, Varint.ZigZag(thread.Vcpu ?? -1));
        }

        Varint.Write(_plain, (ulong)_columns.Count);
        foreach (var (columns, words) in _columns.Zip(names))
        {
            Varint.Write(_plain, (ulong)words[0]);
            Varint.Write(_plain, (ulong)columns.Count);
            Varint.Write(_plain, (columns.Type.IsTyped ? IsTyped : 0UL) | (columns.Latencies.IsEmpty ? 0UL : EndsRequests));
            Varint.Write(_plain, (ulong)columns.Type.Arguments.Length);
            foreach (var (argument, number) in columns.Type.Arguments.Select((argument, number) => (argument, number)))
            {
                Varint.Write(_plain, (ulong)words[(number * 2) + 1]);
                Varint.Write(_plain, (ulong)words[(number * 2) + 2]);
                Varint.Write(_plain, (ulong)argument.Kind);
            }
        }

        var times = _times.AsSpan(0, Count);
        for (var place = 0; place < times.Length; place++)
        {
            times[place] -= start;
        }

        IntegerColumn.Write(_plain, _events.AsSpan(0, Count));
        IntegerColumn.Write(_plain, times);
        IntegerColumn.Write(_plain, _threads.AsSpan(0, Count));
        foreach (var columns in _columns)
        {
            for (var argument = 0; argument < columns.Type.Arguments.Length; argument++)
            {
                IntegerColumn.Write(_plain, columns.ValuesOf(argument));
            }

            if (!columns.Latencies.IsEmpty)
            {
                IntegerColumn.Write(_plain, columns.Latencies);
            }
        }
    }

    /// <summary>The event's name, then each argument's name and type.</summary>
    private long[] NamesOf(TraceEventType type)
    {
        IEnumerable<string> words = [type.Name, .. type.Arguments.SelectMany(argument => (string[])[argument.Name, argument.Type])];
        return [.. words.Select(word => Texts.NumberOf(Encoding.UTF8.GetBytes(word)))];
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
        var place = _threadTable.IndexOf(thread);
        if (place < 0)
        {
            place = _threadTable.Count;
            _threadTable.Add(thread);
        }

        return place;
    }

    private void Clear()
    {
        _columns.Clear();
        _columnsOf.Clear();
        _threadTable.Clear();
        _last = null;
        Texts.Clear();
        Count = 0;
    }

    /// <summary>The values of one event's arguments.</summary>
    private sealed class Columns(TraceEventType type, int place)
    {
        private const int AtFirst = 256;

        private readonly long[][] _values = [.. type.Arguments.Select(_ => new long[AtFirst])];
        private long[] _latencies = [];

        public TraceEventType Type { get; } = type;

        public int Place { get; } = place;

        public int Count { get; private set; }

        /// <summary>None before the first one that is known.</summary>
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
