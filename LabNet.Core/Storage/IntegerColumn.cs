using System.Buffers;
using System.Numerics;

namespace LabNet.Core.Storage;

/// <summary>Thrown when what is stored in columns cannot be understood.</summary>
public sealed class DamagedSegmentException(string message) : Exception(message);

/// <summary>
/// A column of integers, small where neighbours are alike:
/// <code>
/// column = %x00 { DELTA }            ; each as it comes
///        / %x01 { DELTA REPEATS }    ; equal steps together
///        / %x02 column               ; its values are thousandths; one of the two above
/// DELTA   = varint of the zig-zag of the difference to the value before (the first: to 0), modulo 2^64
/// REPEATS = varint; how often this step comes, at least 1
/// varint  = seven bits a byte, the lowest first, the eighth bit set on all but the last (LEB128)
/// </code>
/// </summary>
internal static class IntegerColumn
{
    private const byte Plain = 0;
    private const byte Repeated = 1;
    private const byte Thousandths = 2;
    private const long Thousand = 1000;
    private const int CountMax = 1 << 24;
    private const int AtOnce = 64;

    public static void Write(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        // A run costs one byte more than the step alone.
        var repeated = CountRuns(values) * 2 < values.Length;
        to.Write([repeated ? Repeated : Plain]);
        if (repeated)
        {
            WriteRuns(to, values);
        }
        else
        {
            WriteSteps(to, values);
        }
    }

    /// <summary>Values that mostly are nanoseconds of something that was told in microseconds: a third of their digits is no news then.</summary>
    public static void WriteTimes(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        var room = ArrayPool<long>.Shared.Rent(values.Length);
        var thousandths = room.AsSpan(0, values.Length);
        if (TryDivide(values, thousandths))
        {
            to.Write([Thousandths]);
            values = thousandths;
        }

        Write(to, values);
        ArrayPool<long>.Shared.Return(room);
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
        if (from.IsEmpty || from[0] != Thousandths)
        {
            ReadSteps(ref from, values);
            return;
        }

        from = from[1..];
        ReadSteps(ref from, values);
        foreach (ref var value in values)
        {
            value = unchecked(value * Thousand);
        }
    }

    private static void ReadSteps(ref ReadOnlySpan<byte> from, Span<long> values)
    {
        if (from.IsEmpty || from[0] > Repeated)
        {
            throw new DamagedSegmentException("A column begins with nothing that is known.");
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

    /// <returns>False if one of them is no multiple.</returns>
    private static bool TryDivide(ReadOnlySpan<long> values, Span<long> thousandths)
    {
        for (var place = 0; place < values.Length; place++)
        {
            thousandths[place] = values[place] / Thousand;
            if (thousandths[place] * Thousand != values[place])
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteRuns(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            var room = to.GetSpan(AtOnce * 2 * Varint.BytesMax);
            var length = 0;
            for (var runs = 0; runs < AtOnce && place < values.Length; runs++)
            {
                var delta = unchecked(values[place] - before);
                var repeats = RunLength(values, place, before, delta);
                length += Varint.Write(room[length..], Varint.ZigZag(delta));
                length += Varint.Write(room[length..], (ulong)repeats);
                before = unchecked(before + (delta * repeats));
                place += repeats;
            }

            to.Advance(length);
        }
    }

    /// <summary>Many steps at once: there are a hundred million of them in some minutes of a VM's trace.</summary>
    private static void WriteSteps(ArrayBufferWriter<byte> to, ReadOnlySpan<long> values)
    {
        Span<ulong> room = stackalloc ulong[AtOnce];
        long before = 0;
        for (var place = 0; place < values.Length; place += AtOnce)
        {
            var some = values.Slice(place, Math.Min(AtOnce, values.Length - place));
            var steps = room[..some.Length];
            var bits = TakeSteps(some, before, steps);
            before = some[^1];
            to.Advance(Varint.Write(to.GetSpan(AtOnce * Varint.BytesMax), steps, bits));
        }
    }

    /// <param name="steps">The zig-zag of each.</param>
    /// <returns>The bits that any of them has.</returns>
    private static ulong TakeSteps(ReadOnlySpan<long> values, long before, Span<ulong> steps)
    {
        steps[0] = Varint.ZigZag(unchecked(values[0] - before));
        var all = Vector<long>.Zero;
        var place = 1;
        for (; place <= values.Length - Vector<long>.Count; place += Vector<long>.Count)
        {
            var step = new Vector<long>(values[place..]) - new Vector<long>(values[(place - 1)..]);
            var zigZag = (step + step) ^ Vector.LessThan(step, Vector<long>.Zero);
            Vector.AsVectorUInt64(zigZag).CopyTo(steps[place..]);
            all |= zigZag;
        }

        var bits = steps[0];
        for (var lane = 0; lane < Vector<long>.Count; lane++)
        {
            bits |= (ulong)all[lane];
        }

        for (; place < values.Length; place++)
        {
            steps[place] = Varint.ZigZag(unchecked(values[place] - values[place - 1]));
            bits |= steps[place];
        }

        return bits;
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
