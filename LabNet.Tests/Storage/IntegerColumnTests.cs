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

    [Fact]
    public void A_varint_is_read_whatever_stands_behind_it_and_refused_where_it_is_cut_off()
    {
        for (var bit = 0; bit < 64; bit++)
        {
            var value = 0xaaaa_aaaa_aaaa_aaaaUL >> bit;
            var written = BytesOf(value);
            for (var behind = 0; behind < 10; behind++)
            {
                ReadOnlySpan<byte> rest = [.. written, .. Enumerable.Repeat((byte)(behind % 2 == 0 ? 0xff : 0x01), behind)];
                Assert.Equal(value, Varint.Read(ref rest));
                Assert.Equal(behind, rest.Length);
            }

            Assert.Throws<DamagedSegmentException>(() =>
            {
                ReadOnlySpan<byte> cut = written.AsSpan(0, written.Length - 1);
                Varint.Read(ref cut);
            });
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

    [Theory]
    [InlineData(1000, 1)]
    [InlineData(1, 0)]
    public void Times_come_back_and_take_less_room_where_all_are_whole_microseconds(long unit, int shorter)
    {
        for (var length = 0; length < 200; length++)
        {
            long[] values = [.. Enumerable.Range(0, length).Select(place => unit * ((place * 60L) - 3001) * (place % 7))];
            var (written, plain) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
            IntegerColumn.WriteTimes(written, values);
            IntegerColumn.Write(plain, values);
            var rest = written.WrittenSpan;
            Assert.Equal(values, IntegerColumn.Read(ref rest, length));
            Assert.True(rest.IsEmpty);
            Assert.True(length < 10 || Math.Sign(plain.WrittenCount - written.WrittenCount) == shorter);
        }
    }

    [Fact]
    public void A_column_of_thousandths_of_thousandths_is_refused()
    {
        Assert.Throws<DamagedSegmentException>(() =>
        {
            ReadOnlySpan<byte> twice = [2, 2, 0, 2];
            IntegerColumn.Read(ref twice, 1);
        });
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
