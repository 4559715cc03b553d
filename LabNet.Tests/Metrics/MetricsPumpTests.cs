using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Metrics;

/// <summary>What QEMU seldom does, played by the test, at the pace of a clock that the test moves.</summary>
[Trait("suite", "fake")]
public sealed class MetricsPumpTests : IAsyncLifetime
{
    private const int Hang = 60_000;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>When a sample that waits for QEMU is told without it.</summary>
    private static readonly TimeSpan Late = Second * 0.8;

    /// <summary>The connection looks sixty times in it for what is overdue, never in step with the samples.</summary>
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(77.4);
    private static readonly MetricKey Read = new(MetricCatalogue.BlockRead, "d0");
    private static readonly MetricKey Pin = new(MetricCatalogue.InterruptPins, "ioapic 1");

    private readonly ScriptedQemu _qemu = new();
    private readonly ManualTimeProvider _time = new();
    private LabOnThisMachine _lab = null!;
    private MetricsPump _pump = null!;
    private FeedSubscription _samples = null!;
    private IAsyncEnumerator<FeedRecord> _reader = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _qemu.Answer("query-blockstats", Blocks(0));

        _lab = LabOnThisMachine.Open(
            AttachedVmTests.LabFileOf($"qmp: {_qemu.Path}"), new QmpOptions { ReplyTimeout = ReplyTimeout, ReconnectDelayFirst = TimeSpan.FromMilliseconds(70) }, _time);
        await _lab.UntilAsync("mine", state => state.Cpus is not null);
        _pump = new MetricsPump(_lab.Vms, _lab.Feed, _time, NullLogger<MetricsPump>.Instance);
        _samples = _lab.Feed.Subscribe(record => record.Item is MetricsSampled);
        _reader = _samples.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        _pump.Start();
        await NextAsync();
        await _time.UntilTimerIsSetAsync(Second);
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        _samples.Dispose();
        await _pump.DisposeAsync();
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Answers_in_any_order_are_taken_for_what_they_answer()
    {
        _qemu.AnswersBackwards = true;
        _qemu.Answer("query-blockstats", Blocks(3000));
        var sample = await AfterAsync(Second);
        Assert.Equal(3000, sample[Read]);
        Assert.Equal(0, sample[Pin]);
        Assert.Equal(1 << 29, sample[new MetricKey(MetricCatalogue.MemorySize)]);
    }

    [Fact(Timeout = Hang)]
    public async Task While_QEMU_is_late_the_samples_go_on_without_it_and_say_so()
    {
        _qemu.Hold();
        _time.Advance(Second);
        await _time.UntilTimerIsSetAsync(Late);
        var without = await AfterAsync(Late);
        Assert.Contains("has not answered", without.Missing["qemu"], StringComparison.Ordinal);
        Assert.True(double.IsNaN(without[Read]));

        _qemu.Answer("query-blockstats", Blocks(4000));
        _qemu.Release();
        await _time.UntilTimerIsSetAsync(Second - Late);
        var next = await AfterAsync(Second - Late);
        Assert.DoesNotContain("qemu", next.Missing.Keys);
        Assert.Equal(2000, next[Read]);
    }

    [Fact(Timeout = Hang)]
    public async Task A_QEMU_that_never_answers_is_asked_again_when_its_time_is_up()
    {
        _qemu.TakeAsked();
        _qemu.Hold();
        _time.Advance(Second);
        for (var turn = 1; turn < 78; turn++)
        {
            await _time.UntilTimerIsSetAsync(Late);
            Assert.True(double.IsNaN((await AfterAsync(Late))[Read]));
            await _time.UntilTimerIsSetAsync(Second - Late);
            _time.Advance(Second - Late);
        }

        await _time.UntilTimerIsSetAsync(Late);
        var expiry = new TimeSpan(ReplyTimeout.Ticks / 60 * 61) - (78 * Second);
        Assert.True(double.IsNaN((await AfterAsync(expiry))[Read]));
        _qemu.Release();
        await _time.UntilTimerIsSetAsync(Second - expiry);
        Assert.Equal(0, (await AfterAsync(Second - expiry))[Read]);
        Assert.Equal(2, _qemu.TakeAsked().Count(name => name == "query-blockstats"));
    }

    [Fact(Timeout = Hang)]
    public async Task A_QEMU_that_came_anew_between_two_samples_makes_no_negative_rate_and_no_leap()
    {
        _qemu.Answer("query-blockstats", Blocks(1_000_000));
        Assert.Equal(1_000_000, (await AfterAsync(Second))[Read]);
        _qemu.Answer("query-blockstats", Blocks(5_000_000));
        _qemu.Break();
        await _lab.UntilAsync("mine", state => state.Connection is QmpLinkState.Lost);
        await _time.UntilTimerIsSetAsync(TimeSpan.FromMilliseconds(70));
        _time.Advance(TimeSpan.FromMilliseconds(70));
        await _lab.UntilAsync("mine", state => state.Cpus is not null);
        await _time.UntilTimerIsSetAsync(Second - TimeSpan.FromMilliseconds(70));
        Assert.True(double.IsNaN((await AfterAsync(Second - TimeSpan.FromMilliseconds(70)))[Read]));
        _qemu.Answer("query-blockstats", Blocks(5_000_500));
        await _time.UntilTimerIsSetAsync(Second);
        Assert.Equal(500, (await AfterAsync(Second))[Read]);
    }

    [Fact(Timeout = Hang)]
    public async Task While_somebody_looks_what_changes_fast_is_asked_ten_times_a_second()
    {
        using (_pump.Look([VmName.Parse("mine")]))
        {
            await NextAsync();
            _qemu.TakeAsked();
            for (var turn = 0; turn < 10; turn++)
            {
                await _time.UntilTimerIsSetAsync(Second / 10);
                await AfterAsync(Second / 10);
            }

            var asked = _qemu.TakeAsked();
            Assert.Equal(10, asked.Count(name => name == "query-blockstats"));
            Assert.Single(asked, name => name == "query-status");
            await _time.UntilTimerIsSetAsync(Second / 10);
        }

        await NextAsync();
        await _time.UntilTimerIsSetAsync(Second);
    }

    [Fact(Timeout = Hang)]
    public async Task A_clock_that_jumps_bends_no_rate()
    {
        foreach (var jump in (TimeSpan[])[TimeSpan.FromHours(-2), TimeSpan.FromDays(1), TimeSpan.Zero])
        {
            _qemu.Answer("query-blockstats", Blocks(1000));
            _time.SetBack(jump);
            await AfterAsync(Second);
            _qemu.Answer("query-blockstats", Blocks(2500));
            await _time.UntilTimerIsSetAsync(Second);
            var sample = await AfterAsync(Second);
            Assert.Equal(1500, sample[Read]);
            Assert.Equal(_time.GetUnixTimeNs(), sample.TimeNs);
            await _time.UntilTimerIsSetAsync(Second);
        }
    }

    [Fact(Timeout = Hang)]
    public async Task A_pause_that_no_event_told_is_found_and_told()
    {
        using var notes = _lab.Feed.Subscribe(record => record.Item is VmHappened { Note.Name: "state-read-anew" });
        await using var told = notes.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        _qemu.Status = "paused";
        await AfterAsync(Second);
        Assert.Equal(RunState.Running, _lab.Vm("mine").State.RunState);
        await _time.UntilTimerIsSetAsync(Second);
        await AfterAsync(Second);
        await _lab.UntilAsync("mine", state => state.RunState == RunState.Paused);
        Assert.True(await told.MoveNextAsync());
    }

    [Fact(Timeout = Hang)]
    public async Task A_LabNet_that_stood_still_says_so_and_does_not_catch_up()
    {
        using var notes = _lab.Feed.Subscribe(record => record.Item is VmHappened { Note.Kind: EventKind.Gap });
        await using var told = notes.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        _time.Leap(Second * 600.4);
        await NextAsync();
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(
            "599 samples are missing here: LabNet did not come to measuring for 599 s.", ((VmHappened)told.Current.Item).Told.Text);
        Assert.Equal(599, _pump.Health.SkippedTurns);
    }

    [Fact(Timeout = Hang)]
    public async Task The_progress_of_a_job_is_followed()
    {
        foreach (var progress in (int[])[10, 60])
        {
            _qemu.Answer("query-jobs", $$"""[{"id": "save", "type": "snapshot-save", "status": "running", "current-progress": {{progress}}, "total-progress": 100}]""");
            await AfterAsync(Second);
            await _time.UntilTimerIsSetAsync(Second);
            await AfterAsync(Second);
            await _lab.UntilAsync("mine", state => state.Jobs is [{ CurrentProgress: var current }] && current == progress);
            await _time.UntilTimerIsSetAsync(Second);
        }
    }

    /// <summary>The shape is qapi/stats.json's: there is no KVM where LabNet was made.</summary>
    [Fact(Timeout = Hang)]
    public async Task Under_KVM_its_counters_are_those_of_all_vCPUs_together()
    {
        var exits = new MetricKey(MetricCatalogue.Kvm, "exits");
        Assert.Contains("does not run under KVM", (await AfterAsync(Second)).Missing["kvm"], StringComparison.Ordinal);
        _qemu.Answer("query-kvm", """{"enabled": true, "present": true}""");
        await _qemu.SendAsync(Event("RESUME", 0));
        await _lab.UntilAsync("mine", state => state.Accelerator?.Kind == Accelerator.Kvm);
        foreach (var (first, second) in ((long, long)[])[(1000, 2000), (1400, 2100)])
        {
            _qemu.Answer("query-stats", $$"""
                [{"provider": "kvm", "qom-path": "/machine/unattached/device[0]", "stats": [{"name": "exits", "value": {{first}} }, {"name": "guest_mode", "value": true}]},
                 {"provider": "kvm", "qom-path": "/machine/unattached/device[1]", "stats": [{"name": "exits", "value": {{second}} }, {"name": "halt_poll_hist", "value": [1, 2]}]},
                 {"provider": "cryptodev", "stats": [{"name": "exits", "value": 7}]}]
                """.ReplaceLineEndings(""));
            await _time.UntilTimerIsSetAsync(Second);
            var sample = await AfterAsync(Second);
            Assert.DoesNotContain("kvm", sample.Missing.Keys);
            Assert.Equal(first == 1000 ? double.NaN : 500, sample[exits]);
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Ten_thousand_events_at_once_are_all_told_or_counted_and_measuring_goes_on()
    {
        const int Pairs = 5000;
        var before = _lab.Feed.Sequences[new FeedSource("mine")];
        using var all = _lab.Feed.Subscribe(record => record.Item is QmpEventSeen or VmHappened or FeedGap, capacity: 20 * Pairs);
        string[] storm = [.. Enumerable.Range(0, Pairs).SelectMany(i => (string[])[Event("STOP", i), Event("RESUME", i)])];
        await _qemu.SendAsync(storm);
        await _qemu.SendAsync(Event("RTC_CHANGE", Pairs));
        var (seen, missed) = (0L, 0L);
        await foreach (var record in all.ReadAllAsync(Cancellation))
        {
            Assert.True(record.Sequence > before);
            before = record.Sequence;
            seen += record.Item is QmpEventSeen { Event.Name: "STOP" or "RESUME" } ? 1 : 0;
            missed += record.Item is VmHappened { Note.Name: "qmp-events", Note.Text: var text } ? long.Parse(text.Split(' ')[0]) : 0;
            if (seen + missed >= 2 * Pairs)
            {
                break;
            }
        }

        await _lab.UntilAsync("mine", state => state.RunState == RunState.Running);
        await AfterAsync(Second);
    }

    private static string Event(string name, int second) => $$"""{"event": "{{name}}", "timestamp": {"seconds": {{1_800_000_000 + second}}, "microseconds": 0} }""";

    private static string Blocks(long bytesRead) => Recording.Return("7.2-x86_64", "query-blockstats").Replace("23369728", $"{bytesRead}", StringComparison.Ordinal);

    private Task<MetricSample> AfterAsync(TimeSpan time)
    {
        _time.Advance(time);
        return NextAsync();
    }

    private async Task<MetricSample> NextAsync()
    {
        Assert.True(await _reader.MoveNextAsync());
        return ((MetricsSampled)_reader.Current.Item).Sample;
    }
}
