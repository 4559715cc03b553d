using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>The bins of a timeline while they are counted.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceTimelineBuilder(long fromNs, long binNs, int bins, TraceTrackBy by)
{
    private const string OfQemu = "QEMU's own threads", NoDevice = "no device";

    private readonly Dictionary<(VmName Vm, string Name), Track> _tracks = [];

    /// <summary>Bins that begin at multiples of their width, so many at most.</summary>
    /// <param name="stepNs">The width is a multiple of it.</param>
    public static (long FromNs, long BinNs, int Bins) Divide(TraceTimelineQuery query, long stepNs)
    {
        // One bin less, because the first one begins before the range.
        var wanted = Math.Max(1, (query.ToNs - query.FromNs) / Math.Max(1, query.Bins - 1));
        var binNs = (wanted + stepNs) / stepNs * stepNs;
        var fromNs = query.FromNs / binNs * binNs;
        return (fromNs, binNs, (int)((query.ToNs - fromNs + binNs - 1) / binNs));
    }

    /// <param name="selected">By row; those of them are counted.</param>
    public void Add(VmName vm, TraceRows rows, ReadOnlySpan<bool> selected)
    {
        if (by != TraceTrackBy.Event)
        {
            AddRowByRow(vm, rows, selected);
            return;
        }

        for (var place = 0; place < rows.Types.Length; place++)
        {
            Track? track = null;
            var ofEvent = rows.RowsOf(place);
            var latencies = rows.LatencyColumnOf(place);
            for (var number = 0; number < ofEvent.Length; number++)
            {
                if (selected[ofEvent[number]])
                {
                    track ??= TrackOf(vm, rows.Types[place].Name);
                    track.Add((int)((rows.TimeNsOf(ofEvent[number]) - fromNs) / binNs), latencies.IsEmpty ? -1 : latencies[number]);
                }
            }
        }
    }

    public void Add(VmName vm, TraceRollup rollup, TraceFilter? filter)
    {
        var width = TraceRollup.WidthOf(rollup.Level);
        foreach (var from in rollup.Tracks)
        {
            if (filter?.MatchesKey(from.Key.Event, from.Key.Thread) == false)
            {
                continue;
            }

            var track = TrackOf(vm, NameOf(from.Key.Event, from.Key.Thread, from.Key.Device));
            for (var entry = 0; entry < from.Buckets.Length; entry++)
            {
                var offset = (from.Buckets[entry] * width) - fromNs;
                if (offset >= 0 && offset / binNs is var bin && bin < bins)
                {
                    track.Add((int)bin, from, entry);
                }
            }
        }
    }

    /// <summary>A part that has these bins.</summary>
    public void Add(TraceTimeline part)
    {
        foreach (var from in part.Tracks)
        {
            var track = TrackOf(from.Vm, from.Name);
            for (var entry = 0; entry < from.Bin.Count; entry++)
            {
                track.Add(from, entry);
            }
        }
    }

    public IReadOnlyList<TraceTimelineTrack> Build() =>
        [.. _tracks.Where(one => one.Value.Events > 0).OrderBy(one => one.Key.Vm.ToString(), StringComparer.Ordinal).ThenBy(one => one.Key.Name, StringComparer.Ordinal).Select(one => one.Value.Build(one.Key.Vm, one.Key.Name))];

    private void AddRowByRow(VmName vm, TraceRows rows, ReadOnlySpan<bool> selected)
    {
        int[] devices = [.. rows.Types.Select(TraceDevice.ArgumentOf)];
        for (var row = 0; row < rows.Count; row++)
        {
            if (selected[row])
            {
                var place = rows.EventOf(row);
                var device = by == TraceTrackBy.Device && devices[place] >= 0 ? rows.TextOf(rows.ValueOf(row, devices[place])) : null;
                TrackOf(vm, NameOf(rows.Types[place].Name, rows.ThreadOf(row), device)).Add((int)((rows.TimeNsOf(row) - fromNs) / binNs), rows.LatencyNsOf(row) ?? -1);
            }
        }
    }

    private string NameOf(string name, TraceThread thread, string? device) => by switch
    {
        TraceTrackBy.Vcpu => thread.Vcpu is { } vcpu ? $"vCPU {vcpu}" : OfQemu,
        TraceTrackBy.Thread => thread.Vcpu is { } vcpu ? $"vCPU {vcpu}" : $"thread {thread.Id}",
        TraceTrackBy.Device => device ?? NoDevice,
        _ => name,
    };

    private Track TrackOf(VmName vm, string name)
    {
        if (!_tracks.TryGetValue((vm, name), out var track))
        {
            track = new Track(bins);
            _tracks[(vm, name)] = track;
        }

        return track;
    }

    private sealed class Track(int bins)
    {
        private readonly long[] _counts = new long[bins];
        private long[]? _latencyCounts;
        private long[] _sumsNs = [];
        private long[] _maxsNs = [];

        public long Events { get; private set; }

        /// <param name="latencyNs">Below 0 where it is not known.</param>
        public void Add(int bin, long latencyNs)
        {
            Events++;
            _counts[bin]++;
            if (latencyNs >= 0)
            {
                AddLatencies(bin, 1, latencyNs, latencyNs);
            }
        }

        public void Add(int bin, TraceRollupTrack from, int entry)
        {
            Events += from.Counts[entry];
            _counts[bin] += from.Counts[entry];
            if (from.LatencyCounts.Length > 0 && from.LatencyCounts[entry] > 0)
            {
                AddLatencies(bin, from.LatencyCounts[entry], from.LatencySumsNs[entry], from.LatencyMaxsNs[entry]);
            }
        }

        public void Add(TraceTimelineTrack from, int entry)
        {
            Events += from.Count[entry];
            _counts[from.Bin[entry]] += from.Count[entry];
            if (from.LatencyCount.Count > 0 && from.LatencyCount[entry] is > 0 and var latencies)
            {
                AddLatencies(from.Bin[entry], latencies, from.LatencyMeanNs[entry] * latencies, from.LatencyMaxNs[entry]);
            }
        }

        public TraceTimelineTrack Build(VmName vm, string name)
        {
            int[] filled = [.. Enumerable.Range(0, bins).Where(bin => _counts[bin] > 0)];
            return new TraceTimelineTrack(
                vm,
                name,
                Events,
                filled,
                Array.ConvertAll(filled, bin => _counts[bin]),
                _latencyCounts is { } counts ? Array.ConvertAll(filled, bin => counts[bin]) : [],
                _latencyCounts is { } over ? Array.ConvertAll(filled, bin => over[bin] == 0 ? 0 : _sumsNs[bin] / over[bin]) : [],
                _latencyCounts is null ? [] : Array.ConvertAll(filled, bin => _maxsNs[bin]));
        }

        private void AddLatencies(int bin, long count, long sumNs, long maxNs)
        {
            if (_latencyCounts is null)
            {
                (_latencyCounts, _sumsNs, _maxsNs) = (new long[bins], new long[bins], new long[bins]);
            }

            _latencyCounts[bin] += count;
            _sumsNs[bin] += sumNs;
            _maxsNs[bin] = Math.Max(_maxsNs[bin], maxNs);
        }
    }
}
