using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Web.Hubs;

namespace LabNet.Tests.Web;

[Trait("suite", "fake")]
public sealed class HubWatchTests(TestApp app) : IClassFixture<TestApp>
{
    private static readonly FeedSource X86 = new("x86");
    private static readonly MetricKey Cpu0 = new(MetricCatalogue.VcpuCpu, "0");
    private static readonly MetricKey Cpu1 = new(MetricCatalogue.VcpuCpu, "1");
    private static readonly MetricKey Load = new(MetricCatalogue.GuestLoad);

    private LiveFeed Feed => app.Get<LiveFeed>();

    [Fact]
    public async Task A_watcher_gets_the_states_as_they_are_and_then_what_happens()
    {
        Feed.Publish(X86, new VmChanged(new VmState(app.Get<Lab>().Vms[0])));
        using var watch = await RawHubSocket.WatchAsync(app, new WatchFilter(["x86"], ["vm", "event"]));
        var state = await NextAsync(watch, "vm");
        Assert.Equal(("x86", "x86"), (state.GetProperty("vm").GetString(), state.GetProperty("state").GetProperty("name").GetString()));
        var published = Feed.Publish(X86, new EventTold(new EventNote(EventKind.Guest, "hello", "The guest says hello.")));
        var told = await NextAsync(watch, "event");
        Assert.Equal((published.Sequence, "The guest says hello."), (told.GetProperty("seq").GetInt64(), told.GetProperty("event").GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Metrics_name_their_series_once_and_send_only_what_is_wanted()
    {
        using var watch = await WatchAsync(new WatchFilter(["arm"], ["metrics"], ["vm_cpu", "guest_uptime"]));
        var layout = new MetricLayout([Load, Cpu1, Cpu0]);
        Measure(layout, [0.5, 0.25, double.NaN]);
        Measure(layout, [0.5, 0.75, 0.125]);
        Measure(new MetricLayout([Cpu0]), [1]);
        Assert.Equal(("""["vm_cpu{vcpu=1}","vm_cpu{vcpu=0}"]""", "[0.25,null]"), await NextSampleAsync(watch));
        Assert.Equal(("null", "[0.75,0.125]"), await NextSampleAsync(watch));
        Assert.Equal(("""["vm_cpu{vcpu=0}"]""", "[1]"), await NextSampleAsync(watch));
    }

    [Fact]
    public async Task Why_something_cannot_be_had_is_told_at_first_and_whenever_it_changes()
    {
        using var watch = await WatchAsync(new WatchFilter(["arm"], ["metrics"]));
        var layout = new MetricLayout([Load]);
        var silent = ImmutableSortedDictionary<string, string>.Empty.Add("guest", "The guest's agent does not answer.");
        foreach (var missing in (ImmutableSortedDictionary<string, string>[])[silent, ImmutableSortedDictionary.CreateRange(silent), silent.Clear(), silent])
        {
            Measure(layout, [1], missing);
        }

        const string Why = """{"guest":"The guest's agent does not answer."}""";
        foreach (var expected in (string[])[Why, "null", "{}", Why])
        {
            Assert.Equal(expected, (await NextAsync(watch, "metrics")).GetProperty("missing").GetRawText());
        }
    }

    [Fact]
    public async Task A_watcher_is_told_how_far_the_trace_events_have_come()
    {
        using var watch = await RawHubSocket.WatchAsync(app, new WatchFilter(["x86"], ["traceBatch"]));
        Feed.Publish(X86, new TraceEventsSeen(Events: 900, Unparsed: 2, FilteredOut: 30, LastSequence: 1200, HandedOnSequence: 1100, IsFull: true, TimesFull: 1));
        Assert.Equal(
            """{"events":900,"unparsed":2,"filteredOut":30,"lastSeq":1200,"full":true}""",
            (await NextAsync(watch, "traceBatch")).GetProperty("trace").GetRawText());
    }

    [Fact]
    public async Task A_slow_watcher_is_told_of_its_gap_and_another_loses_nothing()
    {
        using var slow = await WatchAsync(new WatchFilter(["x86"], ["event"]));
        using var quick = await WatchAsync(new WatchFilter(["x86"], ["event"]));
        const int Told = 6000;
        var text = new string('x', 6000);
        for (var number = 0; number < Told; number += 100)
        {
            for (var more = 0; more < 100; more++)
            {
                Feed.Publish(X86, new EventTold(new EventNote(EventKind.Guest, "told", text)));
            }

            // The quick one takes each hundred before the next; nobody waits for the slow one.
            for (var more = 0; more < 100; more++)
            {
                Assert.Equal("told", (await NextAsync(quick, "event")).GetProperty("event").GetProperty("name").GetString());
            }
        }

        long seen = 0, missed = 0;
        while (seen + missed < Told)
        {
            var item = await slow.NextAsync();
            seen += item.GetProperty("kind").GetString() == "event" ? 1 : 0;
            missed += item.GetProperty("kind").GetString() == "gap" ? item.GetProperty("gap").GetProperty("records").GetInt64() : 0;
        }

        Assert.Equal(Told, seen + missed);
        Assert.True(missed > 0);
    }

    [Theory]
    [InlineData("nobody", null, null, "There is no VM \"nobody\"; there are x86, arm.")]
    [InlineData(null, "qmp", null, "There is no kind \"qmp\"")]
    [InlineData(null, null, "cpu", "There is no metric \"cpu\". /metrics has all of them.")]
    public async Task A_wrong_filter_is_told(string? vm, string? kind, string? metric, string saying)
    {
        using var watch = await RawHubSocket.WatchAsync(
            app, new WatchFilter(vm is null ? null : [vm], kind is null ? null : [kind], metric is null ? null : [metric]));
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(watch.NextAsync);
        Assert.Contains(saying, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<(string Names, string Values)> NextSampleAsync(RawHubSocket watch)
    {
        var sample = await NextAsync(watch, "metrics");
        return (sample.GetProperty("names").GetRawText(), sample.GetProperty("values").GetRawText());
    }

    private static async Task<JsonElement> NextAsync(RawHubSocket watch, string kind)
    {
        while (true)
        {
            var item = await watch.NextAsync();
            if (item.GetProperty("kind").GetString() == kind)
            {
                return item;
            }
        }
    }

    /// <summary>Ends when the watcher has subscribed: the state that it gets first belongs to that step.</summary>
    private async Task<RawHubSocket> WatchAsync(WatchFilter filter)
    {
        var vm = app.Get<Lab>().Vms.First(one => one.Name.ToString() == filter.Vms![0]);
        Feed.Publish(new FeedSource(vm.Name.ToString()), new VmChanged(new VmState(vm)));
        var watch = await RawHubSocket.WatchAsync(app, filter with { Kinds = [.. filter.Kinds!, "vm"] });
        await NextAsync(watch, "vm");
        return watch;
    }

    private void Measure(MetricLayout layout, ImmutableArray<double> values, ImmutableSortedDictionary<string, string>? missing = null) => Feed.Publish(
        new FeedSource("arm"), new MetricsSampled(new MetricSample(1, layout, values, values, missing ?? ImmutableSortedDictionary<string, string>.Empty)));
}
