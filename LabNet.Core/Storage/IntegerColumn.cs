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

    public static void Write(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        var runs = CountRuns(values);

        // A run costs one byte more than the step alone.
        var repeated = runs * 2 < values.Length;
        to.Write([repeated ? Repeated : Plain]);
        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            var delta = unchecked(values[place] - before);
            var repeats = repeated ? RunLength(values, place, before, delta) : 1;
            Varint.Write(to, Varint.ZigZag(delta));
            if (repeated)
            {
                Varint.Write(to, (ulong)repeats);
            }

            before = unchecked(before + (delta * repeats));
            place += repeats;
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
        long before = 0;
        for (var place = 0; place < values.Length; runs++)
        {
            var delta = unchecked(values[place] - before);
            var repeats = RunLength(values, place, before, delta);
            before = unchecked(before + (delta * repeats));
            place += repeats;
        }

        return runs;
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
    private const int BytesMax = 10;

    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static void Write(ArrayBufferWriter<byte> to, ulong value)
    {
        var span = to.GetSpan(BytesMax);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        to.Advance(length);
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
}
