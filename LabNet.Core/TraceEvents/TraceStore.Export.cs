using System.Runtime.CompilerServices;
using Dapper;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

public sealed partial class TraceStore
{
    /// <summary>
    /// One VM's, in the order in which they stood in the log: what was there when the reading began. Each segment is a read of its own, off
    /// the caller's thread, so that however long somebody takes over it, the database's log is not held up and the memory holds one segment.
    /// What the budget removes meanwhile is left out.
    /// </summary>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public async IAsyncEnumerable<TraceEvent> ReadOldestFirstAsync(TraceQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bound = query with { BeforeSequence = query.BeforeSequence ?? ReadPosition(query.Vm)?.NextSequence ?? 0 };
        var (left, from) = (query.Limit, long.MinValue);
        while (left > 0 && await Task.Run(() => ReadNext(bound, from), cancellationToken) is var (events, next))
        {
            from = next;
            foreach (var traced in events.Take(left))
            {
                yield return traced;
            }

            left -= Math.Min(left, events.Count);
        }
    }

    /// <returns>What one segment has, oldest first, and where the one behind it begins; null if there is none any more.</returns>
    private (IReadOnlyList<TraceEvent> Events, long Next)? ReadNext(TraceQuery query, long from)
    {
        var (fromNs, toNs, before) = (query.FromNs ?? long.MinValue, query.ToNs ?? long.MaxValue, query.BeforeSequence!.Value);
        var segment = ring.Read(reader => reader.QueryFirstOrDefault<SegmentRow>(
            $"""
            SELECT first_seq, start_ns, data FROM trace_segments
            WHERE vm = {VmId} AND first_seq >= @from AND first_seq < @before AND end_ns >= @fromNs AND start_ns < @toNs
            ORDER BY first_seq LIMIT 1
            """,
            new { vm = query.Vm.ToString(), from, before, fromNs, toNs }));
        if (segment is null)
        {
            return null;
        }

        var events = new List<TraceEvent>();
        Collect(TraceRows.Read(segment.Data, segment.Start_ns), query with { Limit = int.MaxValue }, before, fromNs, toNs, events);
        events.Reverse();
        return (events, segment.First_seq + 1);
    }
}
