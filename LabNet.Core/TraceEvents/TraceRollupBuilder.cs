using System.Buffers;
using System.Runtime.InteropServices;

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

/// <summary>One key's buckets while they are counted, in their order.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRollupCells
{
    private const int CellsAtFirst = 16;
    private const int LatencyBits = 9;
    private const int LatenciesAtFirst = 256;

    /// <summary>The bucket, and in the lowest bits the latency's: numbers are sorted many times faster than records.</summary>
    private readonly List<long> _latencies = [];
    private readonly List<long> _latencyCounts = [];
    private Cell[] _cells = ArrayPool<Cell>.Shared.Rent(CellsAtFirst);
    private int _count;

    /// <param name="latencyNs">Below 0 where it is not known.</param>
    public void Add(long bucket, long latencyNs)
    {
        ref var cell = ref CellOf(bucket);
        cell.Count++;
        if (latencyNs >= 0)
        {
            cell.LatencyCount++;
            cell.LatencySumNs += latencyNs;
            cell.LatencyMaxNs = Math.Max(cell.LatencyMaxNs, latencyNs);
            AddLatency(bucket, LatencyHistogram.BucketOf(latencyNs), 1);
        }
    }

    /// <summary>An entry of a finer level.</summary>
    public void Add(TraceRollupTrack track, int from, long bucket)
    {
        ref var cell = ref CellOf(bucket);
        cell.Count += track.Counts[from];
        if (track.LatencyCounts.Length > 0 && track.LatencyCounts[from] > 0)
        {
            cell.LatencyCount += track.LatencyCounts[from];
            cell.LatencySumNs += track.LatencySumsNs[from];
            cell.LatencyMaxNs = Math.Max(cell.LatencyMaxNs, track.LatencyMaxsNs[from]);
            foreach (var (latency, count) in track.Histogram[from])
            {
                AddLatency(bucket, latency, count);
            }
        }
    }

    /// <summary>To be called once, after all is counted.</summary>
    public TraceRollupTrack Build(TraceRollupKey key)
    {
        var (buckets, counts) = (Column(cell => cell.Bucket), Column(cell => cell.Count));
        var track = _latencies.Count == 0
            ? new TraceRollupTrack(key, buckets, counts, [], [], [], [])
            : new TraceRollupTrack(
                key, buckets, counts, Column(cell => cell.LatencyCount), Column(cell => cell.LatencySumNs), Column(cell => cell.LatencyMaxNs), Histogram(buckets));
        ArrayPool<Cell>.Shared.Return(_cells);
        (_cells, _count) = ([], 0);
        return track;
    }

    private long[] Column(Func<Cell, long> of)
    {
        var column = new long[_count];
        for (var place = 0; place < column.Length; place++)
        {
            column[place] = of(_cells[place]);
        }

        return column;
    }

    private void AddLatency(long bucket, int latency, long count)
    {
        if (_latencies.Count == 0)
        {
            // Most events end no request; those that do, do it by hundreds.
            _latencies.EnsureCapacity(LatenciesAtFirst);
            _latencyCounts.EnsureCapacity(LatenciesAtFirst);
        }

        _latencies.Add((bucket << LatencyBits) | (uint)latency);
        _latencyCounts.Add(count);
    }

    /// <summary>Of each bucket how many requests took how long.</summary>
    private (int Bucket, long Count)[][] Histogram(long[] buckets)
    {
        var latencies = CollectionsMarshal.AsSpan(_latencies);
        var counts = CollectionsMarshal.AsSpan(_latencyCounts);
        latencies.Sort(counts);
        var ofBucket = new (int, long)[buckets.Length][];
        var pairs = new List<(int Bucket, long Count)>();
        var place = 0;
        for (var number = 0; number < buckets.Length; number++)
        {
            for (; place < latencies.Length && latencies[place] >> LatencyBits == buckets[number]; place++)
            {
                var latency = (int)(latencies[place] & ((1 << LatencyBits) - 1));
                if (pairs is [.., var last] && last.Bucket == latency)
                {
                    pairs[^1] = (latency, last.Count + counts[place]);
                }
                else
                {
                    pairs.Add((latency, counts[place]));
                }
            }

            ofBucket[number] = [.. pairs];
            pairs.Clear();
        }

        return ofBucket;
    }

    /// <summary>Mostly the newest one or one behind it; threads write their lines a little later than they took the time, and clocks are set back.</summary>
    private ref Cell CellOf(long bucket)
    {
        var place = _count;
        while (place > 0 && _cells[place - 1].Bucket > bucket)
        {
            place--;
        }

        if (place > 0 && _cells[place - 1].Bucket == bucket)
        {
            return ref _cells[place - 1];
        }

        if (_count == _cells.Length)
        {
            var larger = ArrayPool<Cell>.Shared.Rent(_count * 2);
            _cells.AsSpan().CopyTo(larger);
            ArrayPool<Cell>.Shared.Return(_cells);
            _cells = larger;
        }

        Array.Copy(_cells, place, _cells, place + 1, _count - place);
        _cells[place] = new Cell { Bucket = bucket };
        _count++;
        return ref _cells[place];
    }

    private struct Cell
    {
        public long Bucket;
        public long Count;
        public long LatencyCount;
        public long LatencySumNs;
        public long LatencyMaxNs;
    }
}
