namespace LabNet.Core.TraceEvents;

/// <summary>Counts events by key and bucket.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRollupBuilder(int level)
{
    private readonly Dictionary<TraceRollupKey, TraceRollupCells> _cells = [];

    public TraceRollupCells CellsOf(TraceRollupKey key)
    {
        if (!_cells.TryGetValue(key, out var cells))
        {
            cells = new TraceRollupCells();
            _cells[key] = cells;
        }

        return cells;
    }

    public TraceRollup Build() => new(level, [.. _cells.Select(one => one.Value.Build(one.Key))]);
}

/// <summary>One key's buckets while they are counted: columns, because there are millions of events.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRollupCells
{
    private const int EntriesAtFirst = 16;

    private readonly Dictionary<long, int> _entryOf = [];
    private readonly List<(int Entry, int Bucket, long Count)> _latencies = [];
    private long[] _buckets = new long[EntriesAtFirst];
    private long[] _counts = new long[EntriesAtFirst];
    private long[] _latencyCounts = new long[EntriesAtFirst];
    private long[] _latencySumsNs = new long[EntriesAtFirst];
    private long[] _latencyMaxsNs = new long[EntriesAtFirst];
    private int _entries;
    private int _last;

    /// <param name="latencyNs">Below 0 where it is not known.</param>
    public void Add(long bucket, long latencyNs)
    {
        var entry = EntryOf(bucket);
        _counts[entry]++;
        if (latencyNs >= 0)
        {
            _latencyCounts[entry]++;
            _latencySumsNs[entry] += latencyNs;
            _latencyMaxsNs[entry] = Math.Max(_latencyMaxsNs[entry], latencyNs);
            _latencies.Add((entry, LatencyHistogram.BucketOf(latencyNs), 1));
        }
    }

    /// <summary>An entry of a finer level.</summary>
    public void Add(TraceRollupTrack track, int from, long bucket)
    {
        var entry = EntryOf(bucket);
        _counts[entry] += track.Counts[from];
        if (track.LatencyCounts.Length > 0 && track.LatencyCounts[from] > 0)
        {
            _latencyCounts[entry] += track.LatencyCounts[from];
            _latencySumsNs[entry] += track.LatencySumsNs[from];
            _latencyMaxsNs[entry] = Math.Max(_latencyMaxsNs[entry], track.LatencyMaxsNs[from]);
            foreach (var (latency, count) in track.Histogram[from])
            {
                _latencies.Add((entry, latency, count));
            }
        }
    }

    public TraceRollupTrack Build(TraceRollupKey key)
    {
        // A clock that was set back leaves them in another order.
        int[] order = [.. Enumerable.Range(0, _entries).OrderBy(entry => _buckets[entry])];
        long[] InOrder(long[] column) => Array.ConvertAll(order, entry => column[entry]);
        return _latencies.Count == 0
            ? new TraceRollupTrack(key, InOrder(_buckets), InOrder(_counts), [], [], [], [])
            : new TraceRollupTrack(key, InOrder(_buckets), InOrder(_counts), InOrder(_latencyCounts), InOrder(_latencySumsNs), InOrder(_latencyMaxsNs), Histogram(order));
    }

    private (int Bucket, long Count)[][] Histogram(int[] order)
    {
        _latencies.Sort();
        var ofEntry = new (int, long)[_entries][];
        Array.Fill(ofEntry, []);
        var pairs = new List<(int Bucket, long Count)>();
        for (var place = 0; place < _latencies.Count; place++)
        {
            var (entry, bucket, count) = _latencies[place];
            if (pairs is [.., var last] && last.Bucket == bucket)
            {
                pairs[^1] = (bucket, last.Count + count);
            }
            else
            {
                pairs.Add((bucket, count));
            }

            if (place + 1 == _latencies.Count || _latencies[place + 1].Entry != entry)
            {
                ofEntry[entry] = [.. pairs];
                pairs.Clear();
            }
        }

        return Array.ConvertAll(order, entry => ofEntry[entry]);
    }

    private int EntryOf(long bucket)
    {
        if (_last < _entries && _buckets[_last] == bucket)
        {
            return _last;
        }

        if (!_entryOf.TryGetValue(bucket, out var entry))
        {
            entry = _entries++;
            if (entry == _buckets.Length)
            {
                Grow();
            }

            _buckets[entry] = bucket;
            _entryOf[bucket] = entry;
        }

        return _last = entry;
    }

    private void Grow()
    {
        var length = _buckets.Length * 2;
        Array.Resize(ref _buckets, length);
        Array.Resize(ref _counts, length);
        Array.Resize(ref _latencyCounts, length);
        Array.Resize(ref _latencySumsNs, length);
        Array.Resize(ref _latencyMaxsNs, length);
    }
}
