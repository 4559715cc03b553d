using System.Buffers;
using System.Runtime.InteropServices;

namespace LabNet.Core.TraceEvents;

/// <summary>Formats by the bytes of their names. A log has millions of them a second: no string is made of one.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceNames
{
    public const int NameBytesMax = 128;

    private const int SlotsAtFirst = 1 << 10;

    private TraceEventFormat?[] _slots = new TraceEventFormat?[SlotsAtFirst];
    private int _count;

    public TraceNames(IEnumerable<TraceEventFormat> formats)
    {
        foreach (var format in formats)
        {
            Add(format);
        }
    }

    /// <summary>Of names in C.</summary>
    public static SearchValues<byte> Allowed { get; } = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"u8);

    public TraceEventFormat? Find(ReadOnlySpan<byte> name)
    {
        for (var slot = SlotOf(name); _slots[slot] is { } format; slot = (slot + 1) & (_slots.Length - 1))
        {
            if (name.SequenceEqual(format.Utf8Name))
            {
                return format;
            }
        }

        return null;
    }

    public TraceEventFormat Add(TraceEventFormat format)
    {
        // Half of the slots stay free, so that few names share a place.
        if (++_count * 2 > _slots.Length)
        {
            var before = _slots;
            _slots = new TraceEventFormat?[before.Length * 2];
            foreach (var known in before.OfType<TraceEventFormat>())
            {
                Put(known);
            }
        }

        Put(format);
        return format;
    }

    private void Put(TraceEventFormat format)
    {
        var slot = SlotOf(format.Utf8Name);
        while (_slots[slot] is not null)
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        _slots[slot] = format;
    }

    /// <summary>The first and the last eight bytes, and the length: names differ there.</summary>
    private int SlotOf(ReadOnlySpan<byte> name)
    {
        ulong hash = (uint)name.Length;
        if (name.Length >= sizeof(ulong))
        {
            hash ^= MemoryMarshal.Read<ulong>(name) ^ (MemoryMarshal.Read<ulong>(name[^sizeof(ulong)..]) * 0x9E37_79B9_7F4A_7C15);
        }
        else
        {
            foreach (var one in name)
            {
                hash = (hash * 31) + one;
            }
        }

        return (int)((hash * 0x9E37_79B9_7F4A_7C15) >> 40) & (_slots.Length - 1);
    }
}
