using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>What a VM traced last.</summary>
/// <param name="Events">Newest first.</param>
/// <param name="LastSequence">To go on behind it; 0 where nothing was traced yet.</param>
/// <param name="Missed">Whether some came and went since the number that was asked for.</param>
public sealed record TraceTailPage(IReadOnlyList<TraceEvent> Events, long LastSequence, bool Missed);

/// <summary>The newest trace events of a VM, in memory: those for the history, and those that are kept nowhere else.</summary>
/// <remarks>Thread-safe. One capture writes, any number of viewers read; a viewer holds the capture up for a copy of some thousand rows at most.</remarks>
public sealed class TraceTail
{
    /// <summary>Packed, some three million events.</summary>
    private const long PackedBytesMax = 16 << 20;

    /// <summary>A viewer whose filter fits hardly anything looks at so many segments, no more.</summary>
    private const int LookedAtMax = 64;

    private readonly VmName _vm;
    private readonly Queue<TraceSegment> _packed = new();
    private readonly TraceSegmentBuilder[] _growing;
    private long _packedBytes;
    private long _forgotten;

    internal TraceTail(VmName vm, params TraceSegmentBuilder[] growing) => (_vm, _growing) = (vm, growing);

    /// <summary>Whoever changes one of the growing builders holds it.</summary>
    internal Lock Sync { get; } = new();

    /// <summary>The newest events behind a number that pass a filter.</summary>
    /// <param name="after">0 for all that there are.</param>
    /// <param name="filter">Null for all.</param>
    public TraceTailPage Read(long after, TraceFilter? filter, int limit)
    {
        var (packed, growing, missed) = Look(after);
        var last = Math.Max(growing.Max(rows => rows?.SequenceOf(rows.Count - 1)) ?? 0, packed.Count > 0 ? packed.Max(segment => segment.LastSequence) : after);
        var parts = growing.OfType<TraceRows>().Concat(packed.Take(LookedAtMax).Select(segment => TraceRows.Read(segment)));
        var found = new List<TraceEvent>();
        foreach (var rows in parts)
        {
            Collect(rows, after, filter, limit, found);
            if (found.Count >= limit && _growing.Length == 1)
            {
                break;
            }
        }

        return new TraceTailPage([.. found.OrderByDescending(one => one.Sequence).Take(limit)], Math.Max(last, after), missed);
    }

    /// <summary>A builder's segment that grows no more; while <see cref="Sync"/> is held.</summary>
    internal void Keep(TraceSegment segment)
    {
        _packed.Enqueue(segment);
        _packedBytes += segment.Data.Length;
        while (_packedBytes > PackedBytesMax)
        {
            var oldest = _packed.Dequeue();
            _packedBytes -= oldest.Data.Length;
            _forgotten = Math.Max(_forgotten, oldest.LastSequence);
        }
    }

    private (List<TraceSegment> Packed, TraceRows?[] Growing, bool Missed) Look(long after)
    {
        lock (Sync)
        {
            return (
                [.. _packed.Where(segment => segment.LastSequence > after).Reverse()],
                Array.ConvertAll(_growing, builder => builder.Count > 0 && builder.LastSequence > after ? builder.Snapshot() : null),
                after > 0 && after < _forgotten);
        }
    }

    private void Collect(TraceRows rows, long after, TraceFilter? filter, int limit, List<TraceEvent> found)
    {
        Span<bool> selected = stackalloc bool[rows.Count];
        TraceStore.Select(rows, filter, long.MinValue, long.MaxValue, selected);
        var left = limit;
        for (var row = rows.Count - 1; row >= 0 && left > 0 && rows.SequenceOf(row) > after; row--)
        {
            if (selected[row])
            {
                found.Add(TraceEvent.Of(_vm, rows, row));
                left--;
            }
        }
    }
}
