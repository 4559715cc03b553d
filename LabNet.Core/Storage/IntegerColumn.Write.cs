using System.Buffers;
using System.Numerics;

namespace LabNet.Core.Storage;

internal static partial class IntegerColumn
{
    /// <summary>Steps, of which there are a hundred million in some minutes of a VM's trace.</summary>
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
