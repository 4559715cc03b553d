using System.Buffers;
using LabNet.Core.Storage;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class IntegerColumnTests
{
    [Fact]
    public void A_varint_of_each_size_has_seven_bits_a_byte_the_lowest_first()
    {
        for (var bit = 0; bit < 64; bit++)
        {
            foreach (var value in (ulong[])[1UL << bit, (1UL << bit) - 1, (1UL << bit) | 1, ulong.MaxValue >> bit, 0xaaaa_aaaa_aaaa_aaaaUL >> bit, 0x0123_4567_89ab_cdefUL >> bit])
            {
                var written = new byte[Varint.BytesMax];
                var length = Varint.Write(written, value);
                Assert.Equal(BytesOf(value), written[..length]);
            }
        }
    }

    /// <summary>Steps are counted several at once: the odd ones stand at each place, in columns of each length.</summary>
    [Fact]
    public void A_column_is_kept_as_runs_exactly_where_that_halves_its_steps()
    {
        for (var length = 0; length < 40; length++)
        {
            for (var changes = 0; changes < length; changes++)
            {
                for (var from = 0; from <= length - changes; from++)
                {
                    long[] values = [.. Enumerable.Range(0, length).Select(place => place < from ? 7L : place < from + changes ? (long)place * place * place : 7L * place)];
                    var written = new ArrayBufferWriter<byte>();
                    IntegerColumn.Write(written, values);
                    Assert.Equal(CountRuns(values) * 2 < length ? 1 : 0, written.WrittenSpan[0]);
                    var rest = written.WrittenSpan;
                    Assert.Equal(values, IntegerColumn.Read(ref rest, length));
                }
            }
        }
    }

    private static byte[] BytesOf(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 0x7f; value >>= 7)
        {
            bytes.Add((byte)(0x80 | (value & 0x7f)));
        }

        return [.. bytes, (byte)value];
    }

    private static int CountRuns(long[] values)
    {
        long[] steps = [.. values.Select((value, place) => value - (place == 0 ? 0 : values[place - 1]))];
        return steps.Where((step, place) => place == 0 || step != steps[place - 1]).Count();
    }
}
