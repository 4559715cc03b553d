using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class LabViewTests
{
    private readonly Lab _lab = Labs.CrossArch();
    private readonly ManualTimeProvider _time = new(Labs.Noon);
    private readonly LiveFeed _feed;

    public LabViewTests() => _feed = new LiveFeed(_time);

    private LabVm X86 => _lab.Vms[0];

    [Fact]
    public void A_vm_of_which_nothing_was_told_is_unknown_and_not_off()
    {
        var view = new LabView(_lab);

        Assert.Null(view.Vm(X86.Name));
        Assert.Equal("not known yet", VmStanding.Of(view.Vm(X86.Name)).Word);
    }

    [Fact]
    public void The_newest_state_is_shown()
    {
        var view = Apply(new VmChanged(Labs.Running(X86, Labs.Noon)), new VmChanged(Labs.Running(X86, Labs.Noon, "paused")));

        Assert.Equal(RunState.Paused, view.Vm(X86.Name)?.RunState);
    }

    [Fact]
    public void The_time_of_the_last_change_is_the_newest_records()
    {
        var older = Record(new VmChanged(Labs.Running(X86, Labs.Noon)));
        _time.Advance(TimeSpan.FromSeconds(3));
        var newer = Record(new VmChanged(Labs.Running(X86, Labs.Noon)));

        Assert.Equal(Labs.Noon.AddSeconds(3), new LabView(_lab).Apply(newer).Apply(older).ChangedAt);
    }

    [Fact]
    public async Task After_a_gap_the_state_is_current_and_the_missed_records_are_counted()
    {
        using var subscription = _feed.Subscribe(LabView.Wants, capacity: 1);
        foreach (var runState in (string[])["running", "paused", "running", "guest-panicked"])
        {
            Record(new VmChanged(Labs.Running(X86, Labs.Noon, runState)));
        }

        var view = new LabView(_lab);
        await using var records = subscription.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        while (view.Vm(X86.Name)?.RunState != RunState.GuestPanicked && await records.MoveNextAsync())
        {
            view = view.Apply(records.Current);
        }

        Assert.Equal(2, view.RecordsMissed);
    }

    [Fact]
    public void Events_of_qemu_are_not_wanted() =>
        Assert.False(LabView.Wants(Record(new QmpEventSeen(new QmpEvent("STOP", TimeNs: null, default)))));

    [Fact]
    public void An_operation_that_ended_no_longer_runs()
    {
        var begun = Labs.Begun("pause", X86);

        var view = Apply(new OperationChanged(begun), new OperationChanged(begun with { State = OperationState.Succeeded, EndedAt = Labs.Noon }));

        Assert.Null(view.RunningOperation(X86.Name));
        Assert.Equal(OperationState.Succeeded, view.LastEnded(X86.Name)?.State);
    }

    [Fact]
    public void Of_what_ended_only_the_last_is_kept()
    {
        var view = new LabView(_lab);
        for (var i = 0; i < 100; i++)
        {
            view = view.With(Labs.Begun("pause", X86) with { Id = $"{i}", State = OperationState.Failed, EndedAt = Labs.Noon });
        }

        Assert.Equal("99", Assert.Single(view.OperationsOf(X86.Name)).Id);
    }

    [Fact]
    public void A_second_operation_does_not_hide_the_first()
    {
        var view = new LabView(_lab).With(Labs.Begun("stop", X86)).With(Labs.Begun("kill", X86) with { Id = "2", StartedAt = Labs.Noon.AddSeconds(1) });

        Assert.Equal("stop", view.RunningOperation(X86.Name)?.Kind);
        Assert.Equal(2, view.OperationsOf(X86.Name).Length);
    }

    private LabView Apply(params FeedItem[] items) => items.Aggregate(new LabView(_lab), (view, item) => view.Apply(Record(item)));

    private FeedRecord Record(FeedItem item) => _feed.Publish(new FeedSource(X86.Name.ToString()), item);
}
