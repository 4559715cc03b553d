using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

public sealed partial class TraceStore
{
    /// <summary>A range is so many buckets long at least where rollups answer: its ends are that exact.</summary>
    private const int BucketsARange = 4000;

    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Per VM and event, by name. Where rollups answer, the range's ends are exact to a thousandth of it.</summary>
    /// <param name="query">Its bins and tracks do not matter.</param>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public IReadOnlyList<TraceStatistic> ReadStatistics(TraceTimelineQuery query, CancellationToken cancellationToken)
    {
        var statistics = new List<TraceStatistic>();
        foreach (var vm in query.Vms)
        {
            var counts = new Dictionary<string, EventCounts>(StringComparer.Ordinal);
            var segments = ReadSegmentExtents(vm, query.FromNs, query.ToNs);
            if (query.Filter is null or { IsOfKeys: true } && LevelFor(query with { Bins = BucketsARange / BucketsABin }, segments.Sum(segment => segment.Count)) is { } level)
            {
                AddRollups(counts, vm, level, query, cancellationToken);
            }
            else
            {
                AddEvents(counts, vm, segments, query, cancellationToken);
            }

            var seconds = (query.ToNs - query.FromNs) / NanosecondsPerSecond;
            statistics.AddRange(counts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value.Build(vm, one.Key, seconds)));
        }

        return statistics;
    }

    private void AddRollups(Dictionary<string, EventCounts> counts, VmName vm, int level, TraceTimelineQuery query, CancellationToken cancellationToken)
    {
        foreach (var row in ReadRollups(vm, level, query.FromNs, query.ToNs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var width = TraceRollup.WidthOf((int)row.Level);
            foreach (var track in TraceRollup.Unpack((int)row.Level, row.Data).Tracks.Where(track => query.Filter?.MatchesKey(track.Key.Event, track.Key.Thread) != false))
            {
                for (var entry = 0; entry < track.Buckets.Length; entry++)
                {
                    if (track.Buckets[entry] * width is var timeNs && timeNs + width > query.FromNs && timeNs < query.ToNs)
                    {
                        CountsOf(counts, track.Key.Event).Add(track, entry);
                    }
                }
            }
        }
    }

    private void AddEvents(Dictionary<string, EventCounts> counts, VmName vm, List<SegmentExtent> segments, TraceTimelineQuery query, CancellationToken cancellationToken)
    {
        var selected = new bool[TraceSegmentBuilder.EventsMax];
        foreach (var (_, rows) in ReadRows(segments.ConvertAll(segment => (vm, segment))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Select(rows, query.Filter, query.FromNs, query.ToNs, selected.AsSpan(0, rows.Count));
            for (var place = 0; place < rows.Types.Length; place++)
            {
                var ofEvent = rows.RowsOf(place);
                var latencies = rows.LatencyColumnOf(place);
                for (var number = 0; number < ofEvent.Length; number++)
                {
                    if (selected[ofEvent[number]])
                    {
                        CountsOf(counts, rows.Types[place].Name).Add(latencies.IsEmpty ? -1 : latencies[number]);
                    }
                }
            }
        }
    }

    private static EventCounts CountsOf(Dictionary<string, EventCounts> counts, string name)
    {
        if (!counts.TryGetValue(name, out var known))
        {
            known = new EventCounts();
            counts[name] = known;
        }

        return known;
    }

    private sealed class EventCounts
    {
        private readonly long[] _histogram = new long[LatencyHistogram.Buckets];
        private long _count;
        private long _latencies;
        private long _maxNs;

        /// <param name="latencyNs">Below 0 where it is not known.</param>
        public void Add(long latencyNs)
        {
            _count++;
            if (latencyNs >= 0)
            {
                _latencies++;
                _maxNs = Math.Max(_maxNs, latencyNs);
                _histogram[LatencyHistogram.BucketOf(latencyNs)]++;
            }
        }

        public void Add(TraceRollupTrack track, int entry)
        {
            _count += track.Counts[entry];
            if (track.LatencyCounts.Length > 0 && track.LatencyCounts[entry] > 0)
            {
                _latencies += track.LatencyCounts[entry];
                _maxNs = Math.Max(_maxNs, track.LatencyMaxsNs[entry]);
                foreach (var (bucket, count) in track.HistogramOf(entry))
                {
                    _histogram[bucket] += count;
                }
            }
        }

        public TraceStatistic Build(VmName vm, string name, double seconds) => new(vm, name, _count, _count / seconds, _latencies == 0 ? null : new TraceLatency(
            _latencies,
            LatencyHistogram.QuantileOf(_histogram, 0.5),
            LatencyHistogram.QuantileOf(_histogram, 0.95),
            LatencyHistogram.QuantileOf(_histogram, 0.99),
            _maxNs));
    }
}
