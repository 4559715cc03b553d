using System.Buffers;
using System.Runtime.InteropServices;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>One key's buckets while they are counted, in their order.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRollupCells
{
    private const int CellsAtFirst = 16;

    /// <summary>Most events end no request; those that do, do it by hundreds.</summary>
    private const int LatenciesAtFirst = 256;

    /// <summary>Room for more is not kept: each of many keys may have needed it once.</summary>
    private const int KeptMax = 1024;
    private const int LatencyBits = 9;

    /// <summary>The bucket, and in the lowest bits the latency's; growing, with how often each of them came.</summary>
    private long[] _latencies = [];
    private long[] _latencyCounts = [];
    private int _pairs;
    private Cell[] _cells = new Cell[CellsAtFirst];
    private int _count;

    public bool IsSmall => _cells.Length <= KeptMax && _latencies.Length <= KeptMax;

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
            foreach (var (latency, count) in track.HistogramOf(from))
            {
                AddLatency(bucket, latency, count);
            }
        }
    }

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        (_count, _pairs) = (0, 0);
    }

    /// <summary>What a track has behind its key.</summary>
    public void Write(ArrayBufferWriter<byte> to)
    {
        var hasLatencies = _pairs > 0;
        Varint.Write(to, (ulong)_count);
        Varint.Write(to, hasLatencies ? TraceRollup.HasLatencies : 0);
        var room = ArrayPool<long>.Shared.Rent(_count);
        var column = room.AsSpan(0, _count);
        for (var number = 0; number < (hasLatencies ? Cell.Columns : Cell.ColumnsWithoutLatencies); number++)
        {
            var values = MemoryMarshal.Cast<Cell, long>(_cells);
            for (var (row, place) = (0, number); row < column.Length; row++, place += Cell.Columns)
            {
                column[row] = values[place];
            }

            if (number < Cell.FirstTime)
            {
                IntegerColumn.Write(to, column);
            }
            else
            {
                IntegerColumn.WriteTimes(to, column);
            }
        }

        if (hasLatencies)
        {
            WriteHistogram(to, sizes: column);
        }

        ArrayPool<long>.Shared.Return(room);
    }

    private void AddLatency(long bucket, int latency, long count)
    {
        // The newest bucket has few of them, and what comes is mostly of it.
        var key = (bucket << LatencyBits) | (uint)latency;
        var place = _pairs;
        while (place > 0 && _latencies[place - 1] > key)
        {
            place--;
        }

        if (place > 0 && _latencies[place - 1] == key)
        {
            _latencyCounts[place - 1] += count;
            return;
        }

        if (_pairs == _latencies.Length)
        {
            Array.Resize(ref _latencies, Math.Max(LatenciesAtFirst, _pairs * 2));
            Array.Resize(ref _latencyCounts, _latencies.Length);
        }

        if (place < _pairs)
        {
            Array.Copy(_latencies, place, _latencies, place + 1, _pairs - place);
            Array.Copy(_latencyCounts, place, _latencyCounts, place + 1, _pairs - place);
        }

        (_latencies[place], _latencyCounts[place]) = (key, count);
        _pairs++;
    }

    /// <summary>Of each bucket how many requests took how long.</summary>
    private void WriteHistogram(ArrayBufferWriter<byte> to, Span<long> sizes)
    {
        sizes.Clear();
        var cell = 0;
        foreach (var key in _latencies.AsSpan(0, _pairs))
        {
            while (cell + 1 < sizes.Length && _cells[cell].Bucket != key >> LatencyBits)
            {
                cell++;
            }

            sizes[cell]++;
        }

        IntegerColumn.Write(to, sizes);
        var room = to.GetSpan(_pairs * 2 * Varint.BytesMax);
        var length = 0;
        for (var pair = 0; pair < _pairs; pair++)
        {
            length += Varint.Write(room[length..], (ulong)(_latencies[pair] & ((1 << LatencyBits) - 1)));
            length += Varint.Write(room[length..], (ulong)_latencyCounts[pair]);
        }

        to.Advance(length);
    }

    private ref Cell CellOf(long bucket) => ref _count > 0 && _cells[_count - 1].Bucket == bucket ? ref _cells[_count - 1] : ref FindCellOf(bucket);

    /// <summary>Mostly a new one or one before the newest; threads write their lines a little later than they took the time, and clocks are set back.</summary>
    private ref Cell FindCellOf(long bucket)
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
            Array.Resize(ref _cells, _count * 2);
        }

        if (place < _count)
        {
            Array.Copy(_cells, place, _cells, place + 1, _count - place);
        }

        _cells[place] = new Cell { Bucket = bucket };
        _count++;
        return ref _cells[place];
    }

    /// <summary>As the columns follow each other in a track.</summary>
    private struct Cell
    {
        public const int Columns = 5, ColumnsWithoutLatencies = 2, FirstTime = 3;

        public long Bucket;
        public long Count;
        public long LatencyCount;
        public long LatencySumNs;
        public long LatencyMaxNs;
    }
}
