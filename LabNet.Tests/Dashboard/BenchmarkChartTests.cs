using Bunit;
using LabNet.Core.IoBenchmarks;
using LabNet.Tests.IoBenchmarks;
using LabNet.Web.Dashboard.Vm.Benchmark;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class BenchmarkChartTests : IDisposable
{
    private const string Hostile = "<script>alert(1)</script>";
    private readonly BunitContext _context = new();
    private readonly List<ShownRun> _two =
    [
        new(SampleRuns.With("before", 1000, 1010, 990, 1020, 980, 1005), 0, IsAlone: false),
        new(SampleRuns.With("after", 1120, 1131, 1109, 1142, 1098, 1125), 1, IsAlone: false),
    ];

    public void Dispose() => _context.Dispose();

    [Fact]
    public void A_charts_label_says_every_number_that_it_draws()
    {
        var chart = Repeats(IoMeasure.Requests, _two);
        Assert.Equal(
            "Requests a second, each repeat. A · before: median 1\u2009002 (980 to 1\u2009020); 1\u2009000, 1\u2009010, 990, 1\u2009020, 980, 1\u2009005. "
            + "B · after: median 1\u2009122 (1\u2009098 to 1\u2009142); 1\u2009120, 1\u2009131, 1\u2009109, 1\u2009142, 1\u2009098, 1\u2009125.",
            chart.Find("svg[role=img]").GetAttribute("aria-label"));
        Assert.Equal([6, 6], chart.FindAll(".run").Select(run => run.QuerySelectorAll(".dot").Length));
        Assert.Equal(2, chart.FindAll(".band").Count);
    }

    [Fact]
    public void Repeats_stand_at_their_heights_and_places_are_kept_for_those_to_come()
    {
        var run = SampleRuns.New("") with { Repeats = 4, Results = [SampleRuns.Repeat(1, 1000), SampleRuns.Repeat(2, 0)] };
        var chart = Repeats(IoMeasure.Requests, [new ShownRun(run, 0, IsAlone: true)]);
        var zero = chart.FindAll(".tick line")[0].GetAttribute("y1");
        var full = chart.FindAll(".tick line")[^1].GetAttribute("y1");
        Assert.Equal(["0", "500", "1\u2009000"], chart.FindAll(".tick text").Select(tick => tick.TextContent));

        // From 86 to 592, a quarter each.
        Assert.Equal([$"M144.8 {full}", $"M271.3 {zero}"], chart.FindAll(".dot").Select(dot => dot.GetAttribute("d")!.Split('a')[0]));
        Assert.Empty(chart.FindAll(".band"));
        Assert.Single(chart.FindAll(".median"));
    }

    [Fact]
    public void Bytes_have_ticks_that_are_round_in_their_own_unit()
    {
        var run = SampleRuns.With("", 25_000, 25_100);
        Assert.Equal(
            ["0 B/s", "50 MiB/s", "100 MiB/s"],
            Repeats(IoMeasure.Throughput, [new ShownRun(run, 0, IsAlone: true)]).FindAll(".tick text").Select(tick => tick.TextContent));
    }

    [Fact]
    public void What_stands_below_three_runs_fits_side_by_side()
    {
        List<ShownRun> three = [.. Enumerable.Range(0, 3).Select(place => new ShownRun(SampleRuns.With("", 1000, 1010, 990, 1020, 980, 100_000), place, IsAlone: false))];
        var chart = Repeats(IoMeasure.Throughput, three);
        Assert.Equal(["3.93 MiB/s", "3.93 MiB/s", "3.93 MiB/s"], chart.FindAll(".told").Select(text => text.TextContent));
        Assert.Equal(["3.83 to 391 MiB/s", "3.83 to 391 MiB/s", "3.83 to 391 MiB/s"], chart.FindAll(".interval").Select(text => text.TextContent));
    }

    [Theory]
    [InlineData(1_010_000.0, 2_160_000.0, "1.01 to 2.16 ms")]
    [InlineData(511_000.0, 2_160_000.0, "511 µs to 2.16 ms")]
    [InlineData(null, null, "")]
    public void An_intervals_unit_is_said_once_where_both_ends_have_it(double? low, double? high, string told) =>
        Assert.Equal(told, IoText.Interval(new MedianInterval(1_230_000, low, high, Confidence: null), IoText.Latency));

    [Fact]
    public void Latencies_stand_by_percentiles_on_a_log_scale()
    {
        var chart = _context.Render<LatencyChart>(p => p.Add(c => c.Title, "Read latency").Add(c => c.Runs, _two).Add(c => c.Of, repeat => repeat.Read));
        Assert.StartsWith("Read latency by percentiles. A · before: p50 998 µs, p95 2.00 ms, p99 2.99 ms, p99.9 3.99 ms, max 8.98 ms. B · after: p50 ", chart.Find("svg").GetAttribute("aria-label"), StringComparison.Ordinal);
        Assert.Equal(["100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms", "10 ms"], chart.FindAll(".tick text").Select(tick => tick.TextContent));
        Assert.Equal(10, chart.FindAll(".span").Count);
    }

    [Fact]
    public void A_direction_that_no_run_has_makes_no_chart_of_nothing()
    {
        var chart = _context.Render<LatencyChart>(p => p.Add(c => c.Title, "Write latency").Add(c => c.Runs, _two).Add(c => c.Of, repeat => repeat.Write));
        Assert.Empty(chart.FindAll(".run"));
    }

    [Fact]
    public void The_distribution_says_how_far_apart_the_repeats_are()
    {
        var chart = _context.Render<DistributionChart>(p => p.Add(c => c.Runs, _two).Add(c => c.Measure, IoMeasure.Requests));
        Assert.Equal(
            "Requests a second, how the repeats are distributed. A · before: from 980 to 1\u2009020, 6 repeats, 4.0 % apart. B · after: from 1\u2009098 to 1\u2009142, 6 repeats, 3.9 % apart.",
            chart.Find("svg").GetAttribute("aria-label"));
        Assert.Equal(12, chart.FindAll(".dot").Count);
        var one = _context.Render<DistributionChart>(p => p.Add(c => c.Runs, [new ShownRun(SampleRuns.With("", 5), 0, IsAlone: true)]).Add(c => c.Measure, IoMeasure.Requests));
        Assert.Contains("1 repeat", one.Find(".run").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void QEMUs_counters_stand_beside_what_fio_says()
    {
        var run = SampleRuns.With("", 1000) with
        {
            Results = [SampleRuns.Repeat(1, 1000) with { EndedAt = SampleRuns.Start.AddSeconds(3), Host = new HostIo(8_192_000, 2000, 500_000_000, 0, 0, 0, 0, FailedOperations: 3) }],
        };
        var table = _context.Render<HostBeside>(p => p.Add(t => t.Runs, [new ShownRun(run, 0, IsAlone: true)]));
        Assert.Equal(
            ["reads", "1\u2009000", "1\u2009000", "3.91 MiB/s", "3.91 MiB/s", "1.00 ms", "250 µs"], table.FindAll("tbody td").Select(cell => cell.TextContent));
        Assert.Contains("3 requests failed.", table.Markup, StringComparison.Ordinal);
        var without = SampleRuns.With("", 1000) with { Results = [SampleRuns.Repeat(1, 1000) with { Host = null }] };
        Assert.Equal(
            ["reads", "1\u2009000", "–", "3.91 MiB/s", "–", "1.00 ms", "–"],
            _context.Render<HostBeside>(p => p.Add(t => t.Runs, [new ShownRun(without, 0, IsAlone: true)])).FindAll("tbody td").Select(cell => cell.TextContent));
    }

    [Fact]
    public void What_QEMUs_trace_events_tell_stands_below_and_a_run_that_was_not_traced_has_dashes()
    {
        var half = SampleRuns.With("half", 1000, 2000) with { Results = [SampleRuns.Repeat(1, 1000), SampleRuns.Repeat(2, 2000) with { Traced = null }] };
        var without = SampleRuns.With("without", 1000) with { Results = [SampleRuns.Repeat(1, 1000) with { Traced = null }] };
        var table = _context.Render<TracedBeside>(p => p.Add(t => t.Runs, [new ShownRun(half, 0, IsAlone: false), new ShownRun(without, 1, IsAlone: false)]));
        Assert.Equal(
            ["1 of 2", "1\u2009000", "31.0 µs", "32.0 µs", "33.0 µs", "34.0 µs", "0 of 1", "–", "–", "–", "–", "–"],
            table.FindAll("tbody td").Select(cell => cell.TextContent));
    }

    [Fact]
    public void A_label_stays_text_in_charts_and_a_long_one_is_cut()
    {
        var run = SampleRuns.With(Hostile + new string('x', 39), 1, 2);
        var chart = Repeats(IoMeasure.Requests, [new ShownRun(run, 0, IsAlone: false), new ShownRun(run, 1, IsAlone: false), new ShownRun(run, 2, IsAlone: false)]);
        Assert.Empty(chart.FindAll("script"));
        Assert.All(chart.FindAll(".name"), name => Assert.EndsWith("…", name.TextContent, StringComparison.Ordinal));
        Assert.Contains(Hostile, chart.Find("svg").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    private IRenderedComponent<RepeatChart> Repeats(IoMeasure measure, IReadOnlyList<ShownRun> runs) =>
        _context.Render<RepeatChart>(p => p.Add(c => c.Runs, runs).Add(c => c.Measure, measure));
}
