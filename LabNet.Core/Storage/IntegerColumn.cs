using System.Buffers;

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
        var values = count <= CountMax ? new long[count] : throw new DamagedSegmentException("A column has more values than any has.");
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
        var runs = 0;
        long before = 0, step = 0;
        foreach (var value in values)
        {
            var delta = unchecked(value - before);
            runs += delta == step ? 0 : 1;
            (before, step) = (value, delta);
        }

        // A first value of 0 is a step of 0, and begins a run all the same.
        return runs + (!values.IsEmpty && values[0] == 0 ? 1 : 0);
    }

    private static int RunLength(ReadOnlySpan<long> values, int place, long before, long delta)
    {
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

    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> to, ulong value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            to[length++] = (byte)(value | 0x80);
        }

        to[length++] = (byte)value;
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
