using System.Collections.Immutable;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Metrics;

[Trait("suite", "unit")]
public sealed class MetricStoreTests : IAsyncLifetime
{
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    private static readonly MetricKey Cpu = new(MetricCatalogue.VcpuCpu, "0");
    private static readonly MetricKey Load = new(MetricCatalogue.GuestLoad);
    private static readonly MetricLayout Layout = new([Cpu, Load]);

    private readonly TestFolder _folder = new();
    private readonly ManualTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
    private RingWriter _ring = null!;
    private MetricStore _store = null!;

    private long Now => _time.GetUnixTimeNs();

    public ValueTask InitializeAsync()
    {
        _ring = new RingWriter(Database.Open(_folder.File("ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        _store = new MetricStore(_ring, _time);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_measured_is_read_with_its_unit_and_time()
    {
        await AppendAsync(("box", Sample(Now, 0.25, 1.5)));
        var series = Read(Now, Now + 1, points: 100);
        Assert.Equal(["guest_load", "vm_cpu{vcpu=0}"], series.Select(one => one.Key.ToString()));
        Assert.Equal(new MetricPoint(Now, 0.25, 0.25, 0.25, 1), Assert.Single(series[1].Points));
        Assert.Equal(0, series[1].ResolutionNs);
        Assert.Equal(["vm_cpu{vcpu=0}"], Names(["vm_cpu"]));
        Assert.Equal(["guest_load"], Names(["guest_load"]));
        Assert.Equal([], Names(["vm_cpu{vcpu=1}"]));
        Assert.Empty(_store.Read(new MetricQuery("other", null, Now, Now + 1, 100)));

        IEnumerable<string> Names(string[] names) => _store.Read(new MetricQuery("box", names, Now, Now + 1, 100)).Select(one => one.Key.ToString());
    }

    /// <summary>
    /// Two days with holes, a minute between samples; every while a range is read and compared with the bins of all samples put together
    /// by hand. What is compacted or rolled at that moment must make no difference.
    /// </summary>
    [Fact]
    public async Task A_reader_sees_the_same_whatever_has_been_put_together()
    {
        var random = Seed.Print();
        var begin = Now;
        var all = new List<(long TimeNs, double Value)>();
        while (Now < begin + (50 * Hour))
        {
            var samples = new List<(string, MetricSample)>();
            for (var number = random.Next(1, 40); number > 0; number--)
            {
                _time.Advance(TimeSpan.FromSeconds(random.Next(40, 70)));
                var value = Math.Round(random.NextDouble() * 4, 4);
                all.Add((Now, value));
                samples.Add(("box", Sample(Now, value, random.Next(3))));
            }

            if (random.Next(10) == 0)
            {
                _time.Advance(TimeSpan.FromMinutes(random.Next(1, 200)));
            }

            await AppendAsync([.. samples]);
            await MaintainAsync(random.Next(4));
            Check(MetricLevel.Minutes, begin, all, points: 5000);
        }

        await MaintainAsync(int.MaxValue);
        Check(MetricLevel.TenMinutes, begin, all, points: 300);
        Check(MetricLevel.Minutes, begin, all, points: 5000);
        Assert.True(SegmentsAt(3) > 0);
    }

    [Fact]
    public async Task Samples_that_come_late_are_found_with_the_others()
    {
        var early = Now;
        await AppendAsync(("box", Sample(early, 1, 0)));
        _time.Advance(TimeSpan.FromHours(3));
        await MaintainAsync(int.MaxValue);
        await AppendAsync(("box", Sample(early + (2 * Second), 3, 0)));
        Assert.Equal([1.0, 3.0], Values(early, early + Minute));
        await MaintainAsync(int.MaxValue);
        var bin = Assert.Single(Read(early - Hour, early + Hour, points: 100).Single(one => one.Key == Cpu).Points);
        Assert.Equal((2.0, 1.0, 3.0, 2L), (bin.Mean, bin.Min, bin.Max, bin.Count));
    }

    [Fact]
    public async Task A_layout_that_changes_in_the_middle_of_a_window_loses_nothing()
    {
        var at = Now;
        await AppendAsync(("box", Sample(at, 1, 0)), ("box", new MetricSample(at + Second, new MetricLayout([Cpu]), [2], [2], ImmutableSortedDictionary<string, string>.Empty)), ("box", Sample(at + (2 * Second), 3, 0)));
        _time.Advance(TimeSpan.FromHours(1));
        await MaintainAsync(int.MaxValue);
        Assert.Equal([1.0, 2.0, 3.0], Values(at, at + Minute));
        Assert.Equal(2, Read(at, at + Minute, 100).Single(one => one.Key == Load).Points.Count);
    }

    [Fact]
    public async Task What_is_too_old_goes_and_coarser_bins_take_its_place()
    {
        var begin = Now;
        for (var minute = 0; minute < 60 * 30; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await AppendAsync(("box", Sample(Now, minute, 0)));
        }

        await MaintainAsync(int.MaxValue);

        // Of thirty hours the first six are only in minutes left; nothing is missing.
        var series = Read(begin, Now + 1, points: 5000).Single(one => one.Key == Cpu);
        Assert.Equal(60 * 30, series.Points.Sum(point => point.Count));
        Assert.InRange(SegmentsAt(0), 1, 7);
        Assert.InRange(SegmentsAt(1), 24 * 6, (24 * 6) + 2);

        // A week of minutes, a month of ten minutes, and then nothing.
        foreach (var (days, minutes, tenMinutes) in ((double, int, int)[])[(5.5, 30, 1), (3, 0, 1), (20, 0, 1), (12, 0, 0)])
        {
            _time.Advance(TimeSpan.FromDays(days));
            await MaintainAsync(int.MaxValue);
            Assert.Equal((0, 0), (SegmentsAt(0), SegmentsAt(1)));
            Assert.InRange(SegmentsAt(2), minutes, minutes == 0 ? 0 : minutes + 1);
            Assert.InRange(SegmentsAt(3), tenMinutes, tenMinutes == 0 ? 0 : 2);
        }

        Assert.Equal(0, _store.ReadExtent().SizeBytes);
    }

    [Fact]
    public async Task Over_the_budget_the_oldest_go()
    {
        _store = new MetricStore(_ring, _time, budgetBytes: 20_000);
        var random = Seed.Print();
        var begin = Now;
        for (var second = 0; second < 12 * 3600; second += 10)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await AppendAsync(("box", Sample(Now, random.NextDouble() * 100, random.NextDouble() * 100)));
        }

        await MaintainAsync(int.MaxValue);
        var extent = _store.ReadExtent();
        Assert.InRange(extent.SizeBytes, 1, 20_000);
        Assert.True(extent.OldestNs > begin + Hour);
        Assert.NotEmpty(Values(Now - Minute, Now + 1));
    }

    [Fact]
    public async Task The_bytes_that_are_counted_are_those_that_are_there()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(40); round++)
        {
            _time.Advance(TimeSpan.FromMinutes(random.Next(1, 40)));
            await AppendAsync(("box", Sample(Now, random.NextDouble(), 0)), ("crate", Sample(Now, random.NextDouble(), 0)));
            await MaintainAsync(random.Next(6));
            using var reader = _ring.Database.OpenReader();
            var there = reader.ExecuteScalar<long>(
                "SELECT ifnull((SELECT sum(48 + length(data)) FROM metric_samples), 0) + ifnull((SELECT sum(48 + length(data)) FROM metric_segments), 0)");
            Assert.Equal(there, _store.ReadExtent().SizeBytes);
        }
    }

    [Fact]
    public void Fewer_points_keep_every_lowest_and_highest_value()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(200); round++)
        {
            var time = Now;
            List<MetricPoint> points = [.. Enumerable.Range(0, random.Next(1, 500)).Select(_ =>
            {
                var value = random.NextDouble();
                return new MetricPoint(time += random.Next(1, 1000), value, value - random.NextDouble(), value + random.NextDouble(), random.Next(1, 5));
            })];
            var most = random.Next(1, 100);
            var fewer = Decimation.Of(points, most);
            Assert.True(fewer.Count <= most);
            Assert.Equal((points.Min(p => p.Min), points.Max(p => p.Max), points.Sum(p => p.Count)), (fewer.Min(p => p.Min), fewer.Max(p => p.Max), fewer.Sum(p => p.Count)));
            Assert.Equal(points.Sum(p => p.Mean * p.Count), fewer.Sum(p => p.Mean * p.Count), precision: 6);
            Assert.All(fewer, point => Assert.Contains(points, p => p.TimeNs == point.TimeNs));
        }
    }

    private static MetricSample Sample(long timeNs, double cpu, double load) =>
        new(timeNs, Layout, [cpu, load], [double.NaN, double.NaN], ImmutableSortedDictionary<string, string>.Empty);

    private void Check(MetricLevel level, long begin, List<(long TimeNs, double Value)> all, int points)
    {
        var to = begin + (points == 300 ? 50 * Hour : 90 * Hour);
        var expected = all.Where(sample => sample.TimeNs < to).GroupBy(sample => sample.TimeNs - (sample.TimeNs % level.BinNs))
            .ToDictionary(bin => bin.Key, bin => (Min: bin.Min(s => s.Value), Max: bin.Max(s => s.Value), Mean: bin.Average(s => s.Value), Count: (long)bin.Count()));
        Assert.Same(level, MetricLevel.For(to - begin, points));
        var series = Read(begin, to, points).Single(one => one.Key == Cpu);
        Assert.Equal(level.BinNs, series.ResolutionNs);
        Assert.Equal(expected.Keys.Order(), series.Points.Select(point => point.TimeNs));
        foreach (var point in series.Points)
        {
            var bin = expected[point.TimeNs];
            Assert.Equal((bin.Min, bin.Max, bin.Count), (point.Min, point.Max, point.Count));

            // Each time that bins are put together their mean is rounded to the metric's last decimal.
            Assert.Equal(bin.Mean, point.Mean, tolerance: 0.0003);
        }
    }

    private IReadOnlyList<MetricSeries> Read(long from, long to, int points) => _store.Read(new MetricQuery("box", null, from, to, points));

    private IEnumerable<double> Values(long from, long to) => Read(from, to, 1000).Single(one => one.Key == Cpu).Points.Select(point => point.Mean);

    private long SegmentsAt(int level)
    {
        using var reader = _ring.Database.OpenReader();
        return reader.ExecuteScalar<long>("SELECT count(*) FROM metric_segments WHERE level = @level", new { level });
    }

    private Task<int> AppendAsync(params (string, MetricSample)[] samples) => _ring.Database.WriteAsync(
        (connection, transaction) =>
        {
            _store.Append(connection, transaction, samples);
            return 0;
        },
        TestContext.Current.CancellationToken);

    private async Task MaintainAsync(int steps)
    {
        while (steps-- > 0 && await _ring.Database.WriteAsync(_store.Maintain, TestContext.Current.CancellationToken))
        {
        }
    }
}
