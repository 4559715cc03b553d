using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

public sealed partial class TraceStore
{
    /// <summary>How long the requests took that the events ended, all VMs and events of the query together.</summary>
    /// <param name="query">Its tracks do not matter.</param>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public TraceLatencies ReadLatencies(TraceTimelineQuery query, CancellationToken cancellationToken)
    {
        var (fromNs, binNs, bins) = TraceTimelineBuilder.Divide(query, stepNs: 1);
        var extents = query.Vms.Select(vm => (Vm: vm, Segments: ReadSegmentExtents(vm, fromNs, fromNs + (bins * binNs)))).ToList();
        var cells = new Dictionary<(int Bin, int Bucket), long>();
        if (query.Filter is null or { IsOfKeys: true } && LevelFor(query, extents.Sum(one => one.Segments.Sum(segment => segment.Count))) is { } level)
        {
            (fromNs, binNs, bins) = TraceTimelineBuilder.Divide(query, TraceRollup.WidthOf(level));
            foreach (var vm in query.Vms)
            {
                AddRolledLatencies(cells, vm, level, query.Filter, (fromNs, binNs, bins), cancellationToken);
            }
        }
        else
        {
            AddLatencies(cells, [.. extents.SelectMany(one => one.Segments.Select(segment => (one.Vm, segment)))], query.Filter, (fromNs, binNs, bins), cancellationToken);
        }

        return new TraceLatencies(fromNs, query.ToNs, binNs, bins, [.. cells.OrderBy(cell => cell.Key).Select(cell => new TraceLatencyCell(
            cell.Key.Bin, LatencyHistogram.StartOf(cell.Key.Bucket), LatencyHistogram.EndOf(cell.Key.Bucket), cell.Value))]);
    }

    private void AddRolledLatencies(
        Dictionary<(int Bin, int Bucket), long> cells, VmName vm, int level, TraceFilter? filter, (long FromNs, long BinNs, int Bins) range, CancellationToken cancellationToken)
    {
        foreach (var row in ReadRollups(vm, level, range.FromNs, range.FromNs + (range.Bins * range.BinNs)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var width = TraceRollup.WidthOf((int)row.Level);
            foreach (var track in TraceRollup.Unpack((int)row.Level, row.Data).Tracks.Where(track => filter?.MatchesKey(track.Key.Event, track.Key.Thread) != false))
            {
                for (var entry = 0; entry < track.HistogramEnds.Length; entry++)
                {
                    var bin = BinOf(track.Buckets[entry] * width, range);
                    foreach (var (bucket, count) in bin < 0 ? [] : track.HistogramOf(entry))
                    {
                        cells[(bin, bucket)] = cells.GetValueOrDefault((bin, bucket)) + count;
                    }
                }
            }
        }
    }

    private void AddLatencies(
        Dictionary<(int Bin, int Bucket), long> cells,
        List<(VmName Vm, SegmentExtent Segment)> segments,
        TraceFilter? filter,
        (long FromNs, long BinNs, int Bins) range,
        CancellationToken cancellationToken)
    {
        var selected = new bool[TraceSegmentBuilder.EventsMax];
        foreach (var (_, rows) in ReadRows(segments))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Select(rows, filter, long.MinValue, long.MaxValue, selected.AsSpan(0, rows.Count));
            for (var place = 0; place < rows.Types.Length; place++)
            {
                var ofEvent = rows.RowsOf(place);
                var latencies = rows.LatencyColumnOf(place);
                for (var number = 0; number < latencies.Length; number++)
                {
                    if (latencies[number] >= 0 && selected[ofEvent[number]] && BinOf(rows.TimeNsOf(ofEvent[number]), range) is >= 0 and var bin)
                    {
                        var key = (bin, LatencyHistogram.BucketOf(latencies[number]));
                        cells[key] = cells.GetValueOrDefault(key) + 1;
                    }
                }
            }
        }
    }

    /// <returns>Below 0 outside of the range.</returns>
    private static int BinOf(long timeNs, (long FromNs, long BinNs, int Bins) range) =>
        timeNs >= range.FromNs && (timeNs - range.FromNs) / range.BinNs is var bin && bin < range.Bins ? (int)bin : -1;
}
