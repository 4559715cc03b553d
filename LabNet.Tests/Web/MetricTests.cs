using System.Collections.Immutable;
using System.Net.Http.Json;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class MetricTests(TestApp app) : IClassFixture<TestApp>
{
    private static readonly MetricKey Cpu = new(MetricCatalogue.VcpuCpu, "0");
    private static readonly MetricKey Irq = new(MetricCatalogue.GuestInterrupts, "evil\"} 1\nlabnet_fake 7");
    private static readonly MetricLayout Layout = new([Cpu, Irq]);

    [Fact]
    public async Task What_has_just_been_measured_is_in_the_answer()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var at = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
        Publish("x86", at, 0.25);
        Publish("x86", at.AddSeconds(1), 0.5);
        const string Range = "from=2026-11-22T12:00:00Z&to=2026-11-22T12:01:00Z";
        var one = Assert.Single((await ReadAsync(client, $"x86/metrics?names=vm_cpu&{Range}")).Series);
        Assert.Equal(("vm_cpu{vcpu=0}", "cores", 0.0), (one.Name, one.Unit, one.ResolutionMs));
        Assert.Equal([at, at.AddSeconds(1)], one.T!);
        Assert.Equal([0.25, 0.5], one.V);
        var banded = Assert.Single((await ReadAsync(client, $"x86/metrics?names=vm_cpu%7Bvcpu=0%7D&{Range}&points=100&bands=true&times=unix")).Series);
        Assert.Equal([at.ToUnixTimeMilliseconds(), at.AddSeconds(1).ToUnixTimeMilliseconds()], banded.TMs!);
        Assert.Equal(2, (await ReadAsync(client, $"x86/metrics?{Range}")).Series.Count);
        Assert.Empty((await ReadAsync(client, $"arm/metrics?{Range}")).Series);
    }

    [Fact]
    public async Task What_cannot_be_had_is_told_with_its_reason()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        using var client = await own.NewClientAsync(Role.Viewer);
        own.Feed.Publish(new FeedSource("x86"), new MetricsSampled(Measured(own.Time.GetUtcNow(), 0.25).Sample with
        {
            Missing = ImmutableSortedDictionary<string, string>.Empty.Add("kvm", "KVM counts it; this VM does not run under KVM."),
        }));
        Assert.Equal("KVM counts it; this VM does not run under KVM.", Assert.Single((await ReadAsync(client, "x86/metrics?names=vm_kvm")).Missing, one => one.Key == "kvm").Value);
        own.Time.Advance(TimeSpan.FromSeconds(11));
        foreach (var vm in (string[])["x86", "arm"])
        {
            Assert.StartsWith($"{vm} is not measured", Assert.Single((await ReadAsync(client, $"{vm}/metrics")).Missing, one => one.Key == "vm").Value, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Few_points_still_show_the_spike()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var begin = new DateTimeOffset(2026, 11, 22, 13, 0, 0, TimeSpan.Zero);
        for (var second = 0; second < 100; second++)
        {
            Publish("arm", begin.AddSeconds(second), second == 37 ? 4 : 0.1);
        }

        var one = Assert.Single((await ReadAsync(client, "arm/metrics?names=vm_cpu&from=2026-11-22T13:00:00Z&to=2026-11-22T13:10:00Z&points=10")).Series);
        Assert.InRange(one.V.Count, 2, 10);
        Assert.Equal(one.V.Count, one.T!.Count);
        Assert.Equal((0.1, 4.0), (one.V.Min(), one.V.Max()));
        Assert.Equal(one.T.Order(), one.T);
    }

    [Theory]
    [InlineData("names=cpu", "names: there is no metric \"cpu\"; /metrics has all of them.")]
    [InlineData("points=1", "points: \"1\" is no number from 2 to 5000.")]
    [InlineData("seconds=-1", "seconds: \"-1\" is no number above 0, up to a year.")]
    [InlineData("seconds=5&from=2026-11-22", "seconds: from is given already.")]
    [InlineData("times=local", "times: \"local\" is none of iso, unix.")]
    [InlineData("bands=1", "bands: \"1\" is none of false, true.")]
    [InlineData("name=vm_cpu", "There is no filter name; there are names, from, to, seconds, points, bands, times.")]
    public async Task A_wrong_question_is_told_with_what_is_allowed(string query, string detail)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/vms/x86/metrics?{query}", TestRun.Ended));
        Assert.Equal((400, detail), (problem.Status, problem.Detail));
    }

    [Fact]
    public async Task Prometheus_gets_each_metric_once_with_its_type_and_a_guest_cannot_add_lines()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        Publish("x86", app.Time.GetUtcNow(), 0.25);
        var answer = await client.GetAsync("/metrics", TestRun.Ended);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var lines = (await answer.Content.ReadAsStringAsync(TestRun.Ended)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("# TYPE labnet_vm_cpu_seconds_total counter", lines);
        Assert.Contains("labnet_vm_cpu_seconds_total{vm=\"x86\",host=\"ares\",arch=\"x86_64\",vcpu=\"0\"} 2.5", lines);
        Assert.Contains("labnet_ring_writable 1", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("labnet_fake", StringComparison.Ordinal));
        var types = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(types.Count, types.Distinct().Count());
        Assert.All(lines, line => Assert.Matches("""^(# (HELP|TYPE) .+|[a-z_0-9]+(\{([a-z_0-9]+="(\\.|[^"\\])*",?)+\})? \S+)$""", line));
    }

    [Fact]
    public async Task Prometheus_gets_nothing_of_a_VM_that_is_no_longer_measured()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        using var client = await own.NewClientAsync(Role.Viewer);
        own.Feed.Publish(new FeedSource("x86"), Measured(own.Time.GetUtcNow(), 0.25));
        own.Time.Advance(TimeSpan.FromSeconds(2));
        own.Feed.Publish(new FeedSource("arm"), Measured(own.Time.GetUtcNow(), 0.5));
        own.Time.Advance(TimeSpan.FromSeconds(9));
        var text = await client.GetStringAsync("/metrics", TestRun.Ended);
        Assert.Contains("labnet_vm_cpu_seconds_total{vm=\"arm\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("labnet_vm_cpu_seconds_total{vm=\"x86\"", text, StringComparison.Ordinal);
        Assert.Contains("labnet_vm_up{vm=\"x86\",host=\"ares\",arch=\"x86_64\"} 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prometheus_gets_how_the_pump_the_feed_and_the_writer_do()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var text = await client.GetStringAsync("/metrics", TestRun.Ended);
        foreach (var sample in (string[])[
            "labnet_pump_lateness_seconds{quantile=\"0.99\"}", "labnet_pump_sample_seconds{quantile=\"0.99\"}", "labnet_pump_samples_total", "labnet_pump_skipped_turns_total",
            "labnet_pump_missed_samples_total", "labnet_feed_missed_records_total", "labnet_feed_waiting_records_max", "labnet_ring_queued_writes", "labnet_ring_last_batch_writes",
            "labnet_ring_last_batch_seconds", "labnet_ring_refused_writes_total"])
        {
            Assert.Contains($"\n{sample} ", text, StringComparison.Ordinal);
        }
    }

    private static async Task<MetricsContract> ReadAsync(HttpClient client, string path) =>
        (await client.GetFromJsonAsync<MetricsContract>($"/api/v1/vms/{path}", TestRun.Ended))!;

    private void Publish(string vm, DateTimeOffset at, double cores) => app.Get<LiveFeed>().Publish(new FeedSource(vm), Measured(at, cores));

    private static MetricsSampled Measured(DateTimeOffset at, double cores) => new(new MetricSample(
        at.ToUnixTimeNs(), Layout, [cores, 1], [2.5e9, 1], ImmutableSortedDictionary<string, string>.Empty));
}
