using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace LabNet.Core.Storage;

/// <summary>LEB128, at most ten bytes.</summary>
internal static class Varint
{
    public const int BytesMax = 10;

    private const ulong EighthBits = 0x8080_8080_8080_8080;

    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static void Write(ArrayBufferWriter<byte> to, ulong value) => to.Advance(Write(to.GetSpan(BytesMax), value));

    /// <param name="to">Room for <see cref="BytesMax"/> each.</param>
    /// <param name="bits">Those that any of the values has.</param>
    /// <returns>How many bytes they took.</returns>
    public static int Write(Span<byte> to, ReadOnlySpan<ulong> values, ulong bits)
    {
        var length = 0;
        if (bits < 0x80)
        {
            foreach (var value in values)
            {
                to[length++] = (byte)value;
            }
        }
        else if (bits < 1UL << 56)
        {
            foreach (var value in values)
            {
                length += WriteEight(to[length..], value);
            }
        }
        else
        {
            foreach (var value in values)
            {
                length += Write(to[length..], value);
            }
        }

        return length;
    }

    /// <param name="to">Room for <see cref="BytesMax"/>.</param>
    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> to, ulong value)
    {
        if (value < 0x80)
        {
            to[0] = (byte)value;
            return 1;
        }

        if (value < 1UL << 56)
        {
            return WriteEight(to, value);
        }

        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            to[length++] = (byte)(value | 0x80);
        }

        to[length++] = (byte)value;
        return length;
    }

    /// <summary>All bytes at once: after how many of them a loop ends is what a processor cannot foresee.</summary>
    private static int WriteEight(Span<byte> to, ulong value)
    {
        var length = (BitOperations.Log2(value) / 7) + 1;

        // Twice 28 bits, four times 14, eight times 7, each in a place of 32, 16 and 8.
        value = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
        value = (value & 0x0000_3fff_0000_3fff) | ((value & 0x0fff_c000_0fff_c000) << 2);
        value = (value & 0x007f_007f_007f_007f) | ((value & 0x3f80_3f80_3f80_3f80) << 1);
        BinaryPrimitives.WriteUInt64LittleEndian(to, value | (EighthBits & ((1UL << (8 * (length - 1))) - 1)));
        return length;
    }

    /// <summary><see cref="WriteEight"/> the other way round.</summary>
    private static ulong ReadEight(ulong bytes)
    {
        bytes = (bytes & 0x007f_007f_007f_007f) | ((bytes & 0x7f00_7f00_7f00_7f00) >> 1);
        bytes = (bytes & 0x0000_3fff_0000_3fff) | ((bytes & 0x3fff_0000_3fff_0000) >> 2);
        return (bytes & 0x0fff_ffff) | ((bytes & 0x0fff_ffff_0000_0000) >> 4);
    }

    /// <exception cref="DamagedSegmentException">It is cut off, or more than that.</exception>
    public static int ReadCount(ref ReadOnlySpan<byte> from, int max) =>
        Read(ref from) is var count && count <= (ulong)max ? (int)count : throw new DamagedSegmentException("A segment is longer than it can be.");

    /// <exception cref="DamagedSegmentException">It is cut off or too long.</exception>
    public static ulong Read(ref ReadOnlySpan<byte> from)
    {
        if (from.Length >= sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(from) is var bytes && (~bytes & EighthBits) is not 0 and var ends)
        {
            var length = (BitOperations.TrailingZeroCount(ends) / 8) + 1;
            from = from[length..];
            return ReadEight(bytes & (ulong.MaxValue >> (64 - (8 * length))));
        }

        ulong value = 0;
        for (var place = 0; place < from.Length && place < BytesMax; place++)
        {
            value |= (ulong)(from[place] & 0x7f) << (7 * place);
            if (from[place] < 0x80)
            {
                from = from[(place + 1)..];
                return value;
            }
        }

        throw new DamagedSegmentException("A number is cut off.");
    }

    /// <summary>Eight of one byte each, the first one lowest; false where the next eight are others.</summary>
    public static bool TryReadShort(ref ReadOnlySpan<byte> from, out ulong values)
    {
        values = 0;
        if (from.Length < sizeof(ulong) || (BinaryPrimitives.ReadUInt64LittleEndian(from) & EighthBits) != 0)
        {
            return false;
        }

        values = BinaryPrimitives.ReadUInt64LittleEndian(from);
        from = from[sizeof(ulong)..];
        return true;
    }

    /// <summary>Passes over so many.</summary>
    /// <exception cref="DamagedSegmentException">There are not so many.</exception>
    public static void Skip(ref ReadOnlySpan<byte> from, long count)
    {
        var place = 0;
        for (; count > 0 && place < from.Length; place++)
        {
            count -= from[place] < 0x80 ? 1 : 0;
        }

        from = count <= 0 ? from[place..] : throw new DamagedSegmentException("A number is cut off.");
    }
}
