using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>The rows of one event while a segment is gathered, one behind the other: time, thread, arguments, latency.</summary>
/// <remarks>
/// Not a column each: an event is written to one place then, not to one for each argument. What is told of all of the event's rows is read from
/// one end of them to the other.
/// </remarks>
internal sealed class TraceEventRows(TraceEventType type)
{
    public const long NotKnown = -1;

    private const int TimePlace = 0, ThreadPlace = 1, FirstArgument = 2;
    private const int RowsAtFirst = 16;

    private readonly int _width = FirstArgument + type.Arguments.Length + 1;
    private readonly Dictionary<(long Thread, long Device), TraceRollupCells> _cellsOf = [];
    private long[] _values = new long[RowsAtFirst * (FirstArgument + type.Arguments.Length + 1)];

    public TraceEventType Type => type;

    /// <summary>Its name, and then the name and C's type of each argument: what a segment says of it.</summary>
    public byte[][] Words { get; } = [.. ((IEnumerable<string>)[type.Name, .. type.Arguments.SelectMany(argument => (string[])[argument.Name, argument.Type])]).Select(Encoding.UTF8.GetBytes)];

    /// <summary>The argument that names a device; below 0 if none does.</summary>
    public int Device { get; } = TraceDevice.ArgumentOf(type);

    /// <summary>Among the events of the segment.</summary>
    public int Place { get; private set; }

    public int Count { get; private set; }

    /// <summary>Whether a latency is known of one of them.</summary>
    public bool EndsRequests { get; private set; }

    /// <summary>How many values there is room for.</summary>
    public int Room => _values.Length;

    /// <summary>Begins anew.</summary>
    public void Begin(int place) => (Place, Count, EndsRequests) = (place, 0, false);

    public void Add(long timeNs, int thread, ReadOnlySpan<long> arguments, long? latencyNs)
    {
        var from = Count * _width;
        if (from + _width > _values.Length)
        {
            Array.Resize(ref _values, _values.Length * 2);
        }

        var row = _values.AsSpan(from, _width);
        (row[TimePlace], row[ThreadPlace], row[^1]) = (timeNs, thread, latencyNs ?? NotKnown);
        arguments.CopyTo(row[FirstArgument..]);
        EndsRequests |= latencyNs is not null;
        Count++;
    }

    /// <param name="argument">The number of an argument; behind the last one are the latencies, <see cref="NotKnown"/> where it is so.</param>
    public void CopyColumn(int argument, Span<long> to)
    {
        var place = FirstArgument + argument;
        for (var row = 0; row < to.Length; row++)
        {
            to[row] = _values[place];
            place += _width;
        }
    }

    public void RollUp(TraceRollupBuilder into, IReadOnlyList<TraceThread> threads, TraceTexts texts)
    {
        var width = TraceRollup.WidthOf(0);
        var (cells, thread, device) = ((TraceRollupCells?)null, 0L, 0L);
        var (bucket, start) = (0L, 0L);
        _cellsOf.Clear();
        for (var from = 0; from < Count * _width; from += _width)
        {
            var row = _values.AsSpan(from, _width);
            var deviceOfRow = Device < 0 ? NotKnown : row[FirstArgument + Device];
            if (cells is null || row[ThreadPlace] != thread || deviceOfRow != device)
            {
                (thread, device) = (row[ThreadPlace], deviceOfRow);
                if (!_cellsOf.TryGetValue((thread, device), out cells))
                {
                    cells = into.CellsOf(new TraceRollupKey(type.Name, threads[(int)thread], device < 0 ? null : texts.TextOf(device)));
                    _cellsOf[(thread, device)] = cells;
                }
            }

            // Neighbours mostly share a bucket, and a division takes as long as ten other steps.
            if ((ulong)(row[TimePlace] - start) >= (ulong)width)
            {
                bucket = row[TimePlace] / width;
                start = bucket * width;
            }

            cells.Add(bucket, row[^1]);
        }
    }
}
