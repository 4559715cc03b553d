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
internal static partial class IntegerColumn
{
    private const byte Plain = 0;
    private const byte Repeated = 1;
    private const byte Thousandths = 2;
    private const long Thousand = 1000;
    private const int CountMax = 1 << 24;

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
        if (repeated)
        {
            ReadRuns(ref from, values);
            return;
        }

        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            // Most steps are of one byte.
            if (values.Length - place >= sizeof(ulong) && Varint.TryReadShort(ref from, out var eight))
            {
                for (var end = place + sizeof(ulong); place < end; place++, eight >>= 8)
                {
                    before = unchecked(before + Varint.UnZigZag(eight & 0x7f));
                    values[place] = before;
                }
            }
            else
            {
                before = unchecked(before + Varint.UnZigZag(Varint.Read(ref from)));
                values[place++] = before;
            }
        }
    }

    private static void ReadRuns(ref ReadOnlySpan<byte> from, Span<long> values)
    {
        long before = 0;
        for (var place = 0; place < values.Length;)
        {
            var (delta, repeats) = (Varint.UnZigZag(Varint.Read(ref from)), Varint.Read(ref from));
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
}
