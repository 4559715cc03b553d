using System.Buffers;
using LabNet.Core.Storage;

namespace LabNet.Core.Metrics;

/// <summary>
/// One sample as a row keeps it: a bit a series, whether it is there, the lowest first; then of each that is there its value in the metric's
/// scale, as a zig-zag varint.
/// </summary>
internal static class SampleBlob
{
    /// <summary>Beyond this a double cannot hold each integer.</summary>
    private const double IntegerMax = 1L << 53;

    public static byte[] Write(MetricSample sample)
    {
        var keys = sample.Layout.Keys;
        var bits = new byte[(keys.Length + 7) / 8];
        var values = new ArrayBufferWriter<byte>(keys.Length * 3 + 16);
        for (var place = 0; place < keys.Length; place++)
        {
            var value = Math.Round(sample.Values[place] * keys[place].Definition.Scale);
            if (Math.Abs(value) <= IntegerMax)
            {
                bits[place / 8] |= (byte)(1 << (place % 8));
                Varint.Write(values, Varint.ZigZag((long)value));
            }
        }

        return [.. bits, .. values.WrittenSpan];
    }

    /// <param name="take">Gets each value with its place in the layout.</param>
    /// <exception cref="DamagedSegmentException"/>
    public static void Read(ReadOnlySpan<byte> blob, int keys, Action<int, long> take)
    {
        var bytes = (keys + 7) / 8;
        if (blob.Length < bytes)
        {
            throw new DamagedSegmentException("A sample is cut off.");
        }

        var values = blob[bytes..];
        for (var place = 0; place < keys; place++)
        {
            if ((blob[place / 8] & (1 << (place % 8))) != 0)
            {
                take(place, Varint.UnZigZag(Varint.Read(ref values)));
            }
        }
    }
}
