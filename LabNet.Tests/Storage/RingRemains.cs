using System.Globalization;
using System.Text.Json;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;

namespace LabNet.Tests.Storage;

/// <summary>What must be found in a ring.db after each of many kills: of every run a beginning without holes, as long as it said or longer.</summary>
internal sealed class RingRemains
{
    private const long BinNs = 600_000_000_000;
    private const long DayNs = 144 * BinNs;

    /// <summary>Less than the coarsest bins are kept.</summary>
    private const int DaysKept = 30;

    private readonly List<RingLoadRun> _runs = [];
    private readonly Dictionary<int, int> _eventsOfRun = [];
    private readonly Dictionary<FeedSource, List<(long TimeNs, double Value)>> _samples = RingLoadPlan.Vms.ToDictionary(vm => vm, _ => new List<(long, double)>());

    /// <summary>Events that were published and are in no database, over all runs: what a kill costs.</summary>
    public long EventsLost { get; private set; }

    /// <summary>Looks at the database, with the one that was just killed as the last.</summary>
    /// <param name="allDays">Whether to compare a month of metrics, or the last day.</param>
    public async Task CheckAsync(string path, RingLoadRun killed, bool allDays)
    {
        _runs.Add(killed);
        var time = new ManualTimeProvider(UnixTime.FromUnixTimeNs(killed.EndNs));
        var (ring, events, samples) = RingLoad.OpenStores(path, time);
        await using (ring)
        {
            Assert.Null(ring.Health.SetAside);
            var rows = ring.Read(reader =>
            {
                Assert.Equal("ok", reader.ExecuteScalar<string>("PRAGMA integrity_check"));
                CheckBytes(reader);
                return reader.Query<Row>("SELECT id, source, seq, time_ns AS timeNs, kind, name, text, data FROM events ORDER BY id").AsList();
            });
            CheckEvents(rows);
            CheckBooks(ring.Before, rows);
            CheckNumbers(rows, events.ReadSequences());
            CheckSamples(samples, killed);
            CheckBins(samples, allDays ? DaysKept : 1);
        }
    }

    /// <summary>In the order of writing: each run's events from the first on, one after the other, behind the gap that its start told.</summary>
    private void CheckEvents(List<Row> rows)
    {
        var (run, number, gaps, isTrimmed) = (-1, -1, 0, rows.Count > 0 && rows[0].Name != "labnet-began");
        foreach (var row in rows)
        {
            if (row.Name != RingLoadPlan.EventName)
            {
                Assert.True(row is { Name: "labnet-killed", Kind: EventKind.Gap } || (row.Name == "labnet-began" && row == rows[0]), $"{row}");
                gaps++;
                continue;
            }

            var words = row.Text.Split(' ');
            var (ofRun, ofNumber) = (Number(words[0]), Number(words[1]));
            var plan = _runs[ofRun].Plan;
            if (ofRun != run)
            {
                Assert.True(ofRun > run && (gaps > 0 || (isTrimmed && run < 0)), $"No gap is told before {row}.");
                (run, number) = (ofRun, isTrimmed && run < 0 && gaps == 0 ? ofNumber - 1 : -1);
                gaps = 0;
            }

            Assert.Equal((++number, 0), (ofNumber, gaps));
            Assert.Equal((plan.TextOf(number), plan.TimeOf(number / RingLoadPlan.EventsOfRound)), (row.Text, row.TimeNs));
            _eventsOfRun[run] = Math.Max(_eventsOfRun.GetValueOrDefault(run), number + 1);
        }

        var killed = _runs[^1];
        var kept = _eventsOfRun.GetValueOrDefault(killed.Plan.Run);
        Assert.InRange(kept, killed.EventsKept, killed.RoundsBegun * RingLoadPlan.EventsOfRound);
        EventsLost += (killed.RoundsBegun * RingLoadPlan.EventsOfRound) - kept;
    }

    /// <summary>The next LabNet learns that this one was killed, and when it wrote for the last time.</summary>
    private void CheckBooks(RingBooks? before, List<Row> rows)
    {
        if (rows.Count > 0)
        {
            Assert.NotNull(before);
            Assert.False(before.Closed);
            Assert.InRange(before.CommittedNs, rows[^1].TimeNs, _runs[^1].EndNs);
        }

        // What is told is what the books said: never before the last event that was there.
        foreach (var (last, gap) in rows.Zip(rows.Skip(1)).Where(pair => pair.Second.Name == "labnet-killed"))
        {
            using var data = JsonDocument.Parse(gap.Data!);
            Assert.InRange(data.RootElement.GetProperty("from").GetDateTimeOffset().ToUnixTimeNs(), last.TimeNs, gap.TimeNs);
        }
    }

    /// <summary>A number of the feed is never given twice, also not one that was told and not written.</summary>
    private void CheckNumbers(List<Row> rows, IReadOnlyDictionary<FeedSource, long> reserved)
    {
        foreach (var vm in RingLoadPlan.Vms)
        {
            var first = 0L;
            foreach (var run in rows.Where(row => row.Source == vm.Name).GroupBy(row => Number(row.Text.Split(' ')[0])))
            {
                var begin = Assert.Single(run.Select(row => row.Seq - PlaceOf(row)).Distinct());
                Assert.True(begin > first, $"{vm} of run {run.Key} begins with {begin}; before {first} was told.");
                first = begin + (_runs[run.Key].RoundsBegun * RingLoadPlan.RecordsOfVm);
                Assert.True(reserved[vm] >= first, $"{vm}: {first} may have been told, and only {reserved[vm]} is reserved.");
            }
        }

        long PlaceOf(Row row)
        {
            var (vm, place) = RingLoadPlan.PlaceOf(Number(row.Text.Split(' ')[1]));
            Assert.Equal(vm.Name, row.Source);
            return place;
        }
    }

    /// <summary>Of the run that was killed: as they were taken, in the order of taking, to the last that was written.</summary>
    private void CheckSamples(MetricStore store, RingLoadRun killed)
    {
        var found = new List<int>();
        for (var vm = 0; vm < RingLoadPlan.Vms.Count; vm++)
        {
            var points = Read(store, RingLoadPlan.Vms[vm], killed.Plan.StartNs, killed.EndNs, points: 1_000_000);
            var expected = Enumerable.Range(0, points.Count).Select(round => (killed.Plan.TimeOf(round), killed.Plan.ValueOf(round, vm), 1L)).ToList();
            Assert.Equal(expected, points.Select(point => (point.TimeNs, point.Mean, point.Count)));
            _samples[RingLoadPlan.Vms[vm]].AddRange(expected.Select(one => (one.Item1, one.Item2)));
            found.Add(points.Count);
        }

        Assert.InRange(found.Sum(), killed.SamplesKept, killed.RoundsBegun * RingLoadPlan.Vms.Count);
        Assert.True(found.SequenceEqual(found.OrderDescending()) && found[0] - found[^1] <= 1, $"A hole in the last round: {string.Join(", ", found)}");
    }

    /// <summary>Of all runs, however far they are rolled up: as if nothing had ever been killed.</summary>
    private void CheckBins(MetricStore store, int days)
    {
        var to = _runs[^1].EndNs;
        var from = Math.Max(_runs[0].Plan.StartNs, ((to / DayNs) - days) * DayNs);
        foreach (var vm in RingLoadPlan.Vms)
        {
            var points = Read(store, vm, from, to, points: (int)((to - from) / BinNs) + 1);
            var bins = _samples[vm].Where(sample => sample.TimeNs >= from).GroupBy(sample => sample.TimeNs / BinNs * BinNs)
                .Select(bin => (bin.Key, bin.Min(sample => sample.Value), bin.Max(sample => sample.Value), (long)bin.Count()));
            Assert.Equal(bins, points.Select(point => (point.TimeNs, point.Min, point.Max, point.Count)));
        }
    }

    private static void CheckBytes(Microsoft.Data.Sqlite.SqliteConnection reader)
    {
        var there = reader.QuerySingle<(long, long)>(
            """
            SELECT ifnull((SELECT sum(48 + length(data)) FROM metric_samples), 0) + ifnull((SELECT sum(48 + length(data)) FROM metric_segments), 0),
              ifnull((SELECT sum(120 + length(source) + length(kind) + length(name) + length(CAST(text AS BLOB)) + ifnull(length(CAST(data AS BLOB)), 0)) FROM events), 0)
            """);
        var counted = reader.Query<(string Kind, long Bytes)>("SELECT kind, bytes FROM kept_bytes").ToDictionary(row => row.Kind, row => row.Bytes);
        Assert.Equal(there, (counted.GetValueOrDefault("metrics"), counted.GetValueOrDefault("events")));
    }

    private static IReadOnlyList<MetricPoint> Read(MetricStore store, FeedSource vm, long from, long to, int points) =>
        store.Read(new MetricQuery(vm.Name, [MetricCatalogue.VcpuCpu.Name], from, to, points)) is [var series] ? series.Points : [];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Row(long Id, string Source, long Seq, long TimeNs, string Kind, string Name, string Text, string? Data);
}
