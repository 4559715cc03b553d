using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

public sealed partial class TraceStore
{
    /// <summary>So many segments are read in one go: short enough that no reader holds up the writer's tidying.</summary>
    private const int SegmentsAtOnce = 8;

    /// <summary>Newest first, in the order in which they stood in the log.</summary>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public IReadOnlyList<TraceEvent> Read(TraceQuery query)
    {
        var found = new List<TraceEvent>();
        var before = query.BeforeSequence ?? long.MaxValue;
        var (fromNs, toNs) = (query.FromNs ?? long.MinValue, query.ToNs ?? long.MaxValue);
        while (found.Count < query.Limit && ReadSegments(query.Vm, before, fromNs, toNs) is { Count: > 0 } segments)
        {
            for (var place = 0; place < segments.Count && found.Count < query.Limit; place++)
            {
                var rows = TraceRows.Read(segments[place].Data, segments[place].Start_ns);
                Collect(rows, query, before, fromNs, toNs, found);
                before = Math.Min(before, segments[place].First_seq);
            }
        }

        return found;
    }

    /// <summary>Which rows are of that time and pass the filter.</summary>
    internal static void Select(TraceRows rows, TraceFilter? filter, long fromNs, long toNs, Span<bool> selected)
    {
        if (filter is null)
        {
            selected.Fill(true);
        }
        else
        {
            filter.Select(rows, selected);
        }

        for (var row = 0; row < rows.Count; row++)
        {
            selected[row] = selected[row] && rows.TimeNsOf(row) is var timeNs && timeNs >= fromNs && timeNs < toNs;
        }
    }

    private static void Collect(TraceRows rows, TraceQuery query, long before, long fromNs, long toNs, List<TraceEvent> found)
    {
        Span<bool> selected = stackalloc bool[rows.Count];
        Select(rows, query.Filter, fromNs, toNs, selected);
        for (var row = rows.Count - 1; row >= 0 && found.Count < query.Limit; row--)
        {
            if (selected[row] && rows.SequenceOf(row) < before)
            {
                found.Add(TraceEvent.Of(query.Vm, rows, row));
            }
        }
    }

    /// <summary>The newest segments with a number before that and something of that time, newest first.</summary>
    private List<SegmentRow> ReadSegments(VmName vm, long before, long fromNs, long toNs) => ring.Read(reader => reader.Query<SegmentRow>(
        $"""
        SELECT first_seq, start_ns, data FROM trace_segments WHERE vm = {VmId} AND first_seq IN (
            SELECT first_seq FROM trace_segments INDEXED BY trace_segments_by_time
            WHERE vm = {VmId} AND start_ns < @toNs AND end_ns >= @fromNs AND first_seq < @before
            ORDER BY first_seq DESC LIMIT {SegmentsAtOnce})
        ORDER BY first_seq DESC
        """,
        new { vm = vm.ToString(), before, fromNs, toNs }).AsList());

    private sealed record SegmentRow(long First_seq, long Start_ns, byte[] Data);
}
