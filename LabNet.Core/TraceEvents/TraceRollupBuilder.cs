using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>Counts events by key and bucket, and packs that as a <see cref="TraceRollup"/>; again and again, with the same room.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRollupBuilder
{
    /// <summary>A trace that had thousands of keys once does not keep room for them.</summary>
    private const int SpareMax = 256;

    private readonly Dictionary<TraceRollupKey, TraceRollupCells> _cells = [];
    private readonly Stack<TraceRollupCells> _spare = new();
    private readonly ArrayBufferWriter<byte> _plain = new();

    public TraceRollupCells CellsOf(TraceRollupKey key)
    {
        ref var cells = ref CollectionsMarshal.GetValueRefOrAddDefault(_cells, key, out _);
        return cells ??= _spare.TryPop(out var spare) ? spare : new TraceRollupCells();
    }

    /// <summary>Counts what was counted at a finer level.</summary>
    public void Add(TraceRollup finer)
    {
        foreach (var track in finer.Tracks)
        {
            var cells = CellsOf(track.Key);
            for (var entry = 0; entry < track.Buckets.Length; entry++)
            {
                cells.Add(track, entry, TraceRollup.CoarserOf(track.Buckets[entry]));
            }
        }
    }

    /// <summary>What was counted; it begins anew then.</summary>
    public byte[] Pack()
    {
        _plain.ResetWrittenCount();
        _plain.Write([TraceRollup.Version]);
        Varint.Write(_plain, (ulong)_cells.Count);
        foreach (var (key, cells) in _cells)
        {
            Write(key);
            cells.Write(_plain);
            if (_spare.Count < SpareMax && cells.IsSmall)
            {
                cells.Clear();
                _spare.Push(cells);
            }
        }

        _cells.Clear();
        return Packed.Pack(_plain.WrittenSpan);
    }

    private void Write(TraceRollupKey key)
    {
        WriteText(key.Event);
        Varint.Write(_plain, Varint.ZigZag(key.Thread.Id));
        Varint.Write(_plain, Varint.ZigZag(key.Thread.Vcpu ?? -1));
        WriteText(key.Device ?? "");
    }

    private void WriteText(string text)
    {
        Varint.Write(_plain, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _plain);
    }
}
