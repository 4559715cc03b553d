using System.Buffers;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;

namespace LabNet.Tests.Metrics;

[Trait("suite", "unit")]
public sealed class MetricSegmentTests
{
    private const long Start = 1_800_000_000_000_000_000;

    [Fact]
    public void A_column_comes_back_as_it_was_whatever_its_numbers()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(3000); round++)
        {
            long[] values = [.. Numbers(random).Take(random.Next(0, 200))];
            var written = new ArrayBufferWriter<byte>();
            IntegerColumn.Write(written, values);
            var read = new long[values.Length];
            var rest = written.WrittenSpan;
            IntegerColumn.Read(ref rest, read);
            Assert.Equal(values, read);
            Assert.True(rest.IsEmpty);
        }
    }

    [Fact]
    public void An_idle_series_costs_next_to_nothing()
    {
        var idle = Enumerable.Range(0, 600).Select(second => MetricBin.Of(Start + (second * 1_000_000_000L), 0)).ToList();
        var one = MetricSegment.Write(Start, new Dictionary<string, List<MetricBin>> { ["a"] = idle }).Length;
        var two = MetricSegment.Write(Start, new Dictionary<string, List<MetricBin>> { ["a"] = idle, ["b"] = idle }).Length;
        Assert.True(one < 40, $"{one}");
        Assert.True(two - one < 12, $"{two - one}");
    }

    [Fact]
    public void A_segment_comes_back_and_only_what_is_wanted_of_it()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(300); round++)
        {
            var series = RandomSeries(random);
            var read = MetricSegment.Read(Start, MetricSegment.Write(Start, series), static _ => true);
            Assert.Equal(series.Keys.Order(), read.Keys.Order());
            Assert.All(series, one => Assert.Equal(one.Value, read[one.Key]));
            var wanted = series.Keys.First();
            Assert.Equal([wanted], MetricSegment.Read(Start, MetricSegment.Write(Start, series), key => key == wanted).Keys);
        }
    }

    [Fact]
    public void A_damaged_segment_is_told_or_read_but_never_endless()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(3000); round++)
        {
            var blob = MetricSegment.Write(Start, RandomSeries(random));
            for (var damages = random.Next(1, 4); damages > 0; damages--)
            {
                blob[random.Next(blob.Length)] = (byte)random.Next(256);
            }

            if (random.Next(2) == 0)
            {
                blob = blob[..random.Next(blob.Length)];
            }

            try
            {
                MetricSegment.Read(Start, blob, static _ => true);
            }
            catch (DamagedSegmentException)
            {
                // As it should.
            }
        }
    }

    [Fact]
    public void A_sample_comes_back_without_what_it_did_not_have()
    {
        var keys = new MetricKey[] { new(MetricCatalogue.VcpuCpu, "0"), new(MetricCatalogue.VcpuCpu, "1"), new(MetricCatalogue.GuestLoad), new(MetricCatalogue.ProcessMemory) };
        double[] values = [0.12345, double.NaN, -3.5, 1e300];
        var sample = new MetricSample(1, new MetricLayout([.. keys]), [.. values], [.. values], System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty);
        var read = new Dictionary<int, long>();
        SampleBlob.Read(SampleBlob.Write(sample), keys.Length, (place, value) => read[place] = value);
        Assert.Equal(new Dictionary<int, long> { [0] = 1234, [2] = -350 }, read);
    }

    private static Dictionary<string, List<MetricBin>> RandomSeries(Random random)
    {
        var series = new Dictionary<string, List<MetricBin>>();
        for (var number = random.Next(1, 12); number > 0; number--)
        {
            var time = Start;
            series[$"key {number} é"] = [.. Numbers(random).Take(random.Next(0, 60)).Select(value =>
            {
                time += random.Next(1, 5) * 1_000_000L;
                return random.Next(2) == 0
                    ? MetricBin.Of(time, value)
                    : new MetricBin(time, value, unchecked(value + random.Next(100)), unchecked(value + random.Next(50)), random.Next(2, 99));
            })];
        }

        return series;
    }

    private static IEnumerable<long> Numbers(Random random)
    {
        long value = 0;
        while (true)
        {
            var kind = random.Next(10);
            for (var run = random.Next(1, 20); run > 0; run--)
            {
                value = kind switch
                {
                    < 3 => value,
                    < 6 => unchecked(value + kind),
                    6 => long.MinValue,
                    7 => long.MaxValue,
                    8 => random.NextInt64(long.MinValue, long.MaxValue),
                    _ => random.Next(-1000, 1000),
                };
                yield return value;
            }
        }
    }
}
