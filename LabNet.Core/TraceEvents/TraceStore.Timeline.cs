using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>Pictures of any range of time: by rollups where there are many events, event by event where there are few or the filter asks for it.</summary>
public sealed partial class TraceStore
{
    /// <summary>So many segments at most lie between two parts of an answer.</summary>
    private const int SegmentsAPart = 64;

    /// <summary>A bin of so many buckets at least, if there are such: with less, bins of one more or less look like waves.</summary>
    private const int BucketsABin = 4;

    /// <summary>Part by part, the newest events first; only a filter that has to look at each event makes more than one.</summary>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public IEnumerable<TraceTimeline> ReadTimeline(TraceTimelineQuery query)
    {
        // The first and the last bin are whole, so that they stay the same when the range moves.
        var (fromNs, binNs, bins) = TraceTimelineBuilder.Divide(query, stepNs: 1);
        var extents = query.Vms.Select(vm => (Vm: vm, Segments: ReadSegmentExtents(vm, fromNs, fromNs + (bins * binNs)))).ToList();
        return query.Filter is null or { IsOfKeys: true } && LevelFor(query, extents.Sum(one => one.Segments.Sum(segment => segment.Count))) is { } level
            ? [ReadRolled(query, level)]
            : ReadRaw(query, [.. extents.SelectMany(one => one.Segments.Select(segment => (one.Vm, segment))).OrderByDescending(one => one.segment.End_ns)]);
    }

    /// <summary>All parts as one.</summary>
    /// <inheritdoc cref="ReadTimeline"/>
    public TraceTimeline ReadWholeTimeline(TraceTimelineQuery query, CancellationToken cancellationToken)
    {
        TraceTimeline? whole = null;
        TraceTimelineBuilder? builder = null;
        foreach (var part in ReadTimeline(query))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (part.IsComplete && whole is null)
            {
                return part;
            }

            builder ??= new TraceTimelineBuilder(part.FromNs, part.BinNs, part.Bins, query.By);
            builder.Add(part);
            whole = part;
        }

        return whole! with { Tracks = builder!.Build(), Searched = 1 };
    }

    /// <returns>Null where each event is to be looked at.</returns>
    private int? LevelFor(TraceTimelineQuery query, long events)
    {
        var binNs = (query.ToNs - query.FromNs) / query.Bins;
        if (events <= RawMax || binNs < TraceRollup.WidthOf(0))
        {
            return null;
        }

        var level = 0;
        while (level < TraceRollup.LevelMax && TraceRollup.WidthOf(level + 1) * BucketsABin <= binNs)
        {
            level++;
        }

        return level;
    }

    private TraceTimeline ReadRolled(TraceTimelineQuery query, int level)
    {
        var (fromNs, binNs, bins) = TraceTimelineBuilder.Divide(query, TraceRollup.WidthOf(level));
        var builder = new TraceTimelineBuilder(fromNs, binNs, bins, query.By);
        foreach (var vm in query.Vms)
        {
            foreach (var row in ReadRollups(vm, level, fromNs, fromNs + (bins * binNs)))
            {
                builder.Add(vm, TraceRollup.Unpack((int)row.Level, row.Data, withHistograms: false), query.Filter);
            }
        }

        return new TraceTimeline(fromNs, query.ToNs, binNs, bins, builder.Build(), Searched: 1);
    }

    private IEnumerable<TraceTimeline> ReadRaw(TraceTimelineQuery query, List<(VmName Vm, SegmentExtent Segment)> segments)
    {
        var (fromNs, binNs, bins) = TraceTimelineBuilder.Divide(query, stepNs: 1);
        var events = segments.Sum(one => one.Segment.Count);
        long searched = 0;
        foreach (var part in segments.Chunk(query.Filter is null ? int.MaxValue : SegmentsAPart))
        {
            var builder = new TraceTimelineBuilder(fromNs, binNs, bins, query.By);
            foreach (var (vm, rows) in ReadRows(part))
            {
                AddSelected(builder, vm, rows, query.Filter, fromNs, fromNs + (bins * binNs));
            }

            searched += part.Sum(one => one.Segment.Count);
            yield return new TraceTimeline(fromNs, query.ToNs, binNs, bins, builder.Build(), searched == events ? 1 : (double)searched / events);
        }

        if (segments.Count == 0)
        {
            yield return new TraceTimeline(fromNs, query.ToNs, binNs, bins, [], Searched: 1);
        }
    }

    private static void AddSelected(TraceTimelineBuilder builder, VmName vm, TraceRows rows, TraceFilter? filter, long fromNs, long toNs)
    {
        Span<bool> selected = stackalloc bool[rows.Count];
        Select(rows, filter, fromNs, toNs, selected);
        builder.Add(vm, rows, selected);
    }

    /// <summary>Those segments, as far as they are still there.</summary>
    private IEnumerable<(VmName Vm, TraceRows Rows)> ReadRows(IReadOnlyList<(VmName Vm, SegmentExtent Segment)> segments)
    {
        foreach (var some in segments.Chunk(SegmentsAtOnce))
        {
            var read = ring.Read(reader => some.Select(one => (one.Vm, Row: reader.QueryFirstOrDefault<SegmentRow>(
                $"SELECT first_seq, start_ns, data FROM trace_segments WHERE vm = {VmId} AND first_seq = @first", new { vm = one.Vm.ToString(), first = one.Segment.First_seq }))).ToList());
            foreach (var (vm, row) in read)
            {
                if (row is not null)
                {
                    yield return (vm, TraceRows.Read(row.Data, row.Start_ns));
                }
            }
        }
    }

    /// <summary>What a range holds, without reading any of it.</summary>
    private List<SegmentExtent> ReadSegmentExtents(VmName vm, long fromNs, long toNs) => ring.Read(reader => reader.Query<SegmentExtent>(
        $"""
        SELECT first_seq, end_ns, count FROM trace_segments INDEXED BY trace_segments_by_time
        WHERE vm = {VmId} AND start_ns < @toNs AND end_ns >= @fromNs
        """,
        new { vm = vm.ToString(), fromNs, toNs }).AsList());

    /// <summary>
    /// All that is to be added up for a level: what it has, and what of the finer ones it does not have yet. Which rows these are the index tells
    /// alone, before any of them is looked up: SQLite would look up each one that begins before the range's end.
    /// </summary>
    private List<RollupRow> ReadRollups(VmName vm, int level, long fromNs, long toNs) => ring.Read(reader => reader.Query<RollupRow>(
        $"""
        SELECT one.level, one.first_seq, one.start_ns, one.end_ns, one.data FROM (
            SELECT vm, level, first_seq FROM trace_rollups INDEXED BY trace_rollups_by_time
            WHERE vm = {VmId} AND level = @level AND start_ns < @toNs AND end_ns >= @fromNs
        ) AS wanted CROSS JOIN trace_rollups AS one ON one.vm = wanted.vm AND one.level = wanted.level AND one.first_seq = wanted.first_seq
        UNION ALL
        SELECT level, first_seq, start_ns, end_ns, data FROM trace_rollups INDEXED BY trace_rollups_unrolled
        WHERE vm = {VmId} AND level < @level AND rolled = 0 AND start_ns < @toNs AND end_ns >= @fromNs
        """,
        new { vm = vm.ToString(), level, fromNs, toNs }).AsList());

    private sealed record SegmentExtent(long First_seq, long End_ns, long Count);
}
