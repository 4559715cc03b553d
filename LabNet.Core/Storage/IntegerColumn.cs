using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace LabNet.Core.Storage;

/// <summary>Thrown when what is stored in columns cannot be understood.</summary>
public sealed class DamagedSegmentException(string message) : Exception(message);

/// <summary>
/// A column of integers, small where neighbours are alike:
/// <code>
/// column = %x00 { DELTA }            ; each as it comes
///        / %x01 { DELTA REPEATS }    ; equal steps together
/// DELTA   = varint of the zig-zag of the difference to the value before (the first: to 0), modulo 2^64
/// REPEATS = varint; how often this step comes, at least 1
/// varint  = seven bits a byte, the lowest first, the eighth bit set on all but the last (LEB128)
/// </code>
/// </summary>
internal static class IntegerColumn
{
    private const byte Plain = 0;
    private const byte Repeated = 1;
    private const int CountMax = 1 << 24;
    private const int BlockBytes = 256;

    public static void Write(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        var runs = CountRuns(values);

        // A run costs one byte more than the step alone.
        var repeated = runs * 2 < values.Length;
        to.Write([repeated ? Repeated : Plain]);
        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            // Room is asked for once for many values: there are a hundred million of them in some minutes of a VM's trace.
            var room = to.GetSpan(BlockBytes);
            var length = 0;
            while (place < values.Length && length <= BlockBytes - (2 * Varint.BytesMax))
            {
                var delta = unchecked(values[place] - before);
                length += Varint.Write(room[length..], Varint.ZigZag(delta));
                var repeats = 1;
                if (repeated)
                {
                    repeats = RunLength(values, place, before, delta);
                    length += Varint.Write(room[length..], (ulong)repeats);
                }

                before = unchecked(before + (delta * repeats));
                place += repeats;
            }

            to.Advance(length);
        }
    }

    /// <inheritdoc cref="Read(ref ReadOnlySpan{byte}, Span{long})"/>
    /// <param name="count">How many values it has.</param>
    public static long[] Read(ref ReadOnlySpan<byte> from, int count)
    {
        // A run of equal steps is long and takes few bytes: only an absurd number is told before anything is read.
        var values = count <= CountMax ? GC.AllocateUninitializedArray<long>(count) : throw new DamagedSegmentException("A column has more values than any has.");
        Read(ref from, values);
        return values;
    }

    /// <exception cref="DamagedSegmentException">It is cut off, or has other than so many values.</exception>
    public static void Read(ref ReadOnlySpan<byte> from, Span<long> values)
    {
        if (from.IsEmpty || from[0] > Repeated)
        {
            throw new DamagedSegmentException("A column begins with neither 0 nor 1.");
        }

        var repeated = from[0] == Repeated;
        from = from[1..];
        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            var delta = Varint.UnZigZag(Varint.Read(ref from));
            var repeats = repeated ? Varint.Read(ref from) : 1;
            if (repeats == 0 || repeats > (ulong)(values.Length - place))
            {
                throw new DamagedSegmentException("A column has more values than its segment says.");
            }

            for (var end = place + (int)repeats; place < end; place++)
            {
                before = unchecked(before + delta);
                values[place] = before;
            }
        }
    }

    private static int CountRuns(ReadOnlySpan<long> values)
    {
        // The first step comes from 0, and begins a run whatever it is.
        if (values.Length < 2)
        {
            return values.Length;
        }

        var runs = unchecked(values[1] - values[0]) == values[0] ? 1 : 2;
        var place = 2;
        var equal = Vector<long>.Zero;
        for (; place <= values.Length - Vector<long>.Count; place += Vector<long>.Count)
        {
            var (value, before, second) = (new Vector<long>(values[place..]), new Vector<long>(values[(place - 1)..]), new Vector<long>(values[(place - 2)..]));
            equal += Vector.Equals(value - before, before - second);
            runs += Vector<long>.Count;
        }

        // Where a step is that before it, there is -1.
        runs += (int)Vector.Sum(equal);
        for (; place < values.Length; place++)
        {
            runs += unchecked(values[place] - values[place - 1] == values[place - 1] - values[place - 2]) ? 0 : 1;
        }

        return runs;
    }

    private static int RunLength(ReadOnlySpan<long> values, int place, long before, long delta)
    {
        if (delta == 0)
        {
            return values[place..].IndexOfAnyExcept(before) is >= 0 and var length ? length : values.Length - place;
        }

        var from = place;
        while (place < values.Length && unchecked(values[place] - before) == delta)
        {
            before = values[place];
            place++;
        }

        return place - from;
    }
}

/// <summary>LEB128, at most ten bytes.</summary>
internal static class Varint
{
    public const int BytesMax = 10;

    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static void Write(ArrayBufferWriter<byte> to, ulong value) => to.Advance(Write(to.GetSpan(BytesMax), value));

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
        BinaryPrimitives.WriteUInt64LittleEndian(to, value | (0x8080_8080_8080_8080 & ((1UL << (8 * (length - 1))) - 1)));
        return length;
    }

    /// <exception cref="DamagedSegmentException">It is cut off, or more than that.</exception>
    public static int ReadCount(ref ReadOnlySpan<byte> from, int max) =>
        Read(ref from) is var count && count <= (ulong)max ? (int)count : throw new DamagedSegmentException("A segment is longer than it can be.");

    /// <exception cref="DamagedSegmentException">It is cut off or too long.</exception>
    public static ulong Read(ref ReadOnlySpan<byte> from)
    {
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
