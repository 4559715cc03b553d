using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>The tree comes by the feed, whole after each change. What the disks can and hold is asked for when something changed that it hangs on.</summary>
public sealed partial class SnapshotsTab
{
    private FeedSubscription? _subscription;
    private RenderThrottle? _throttle;
    private Task _readLoop = Task.CompletedTask;
    private Task _render = Task.CompletedTask;
    private Task _asking = Task.CompletedTask;
    private SnapshotTree _tree = default!;
    private SnapshotLanes _lanes = default!;
    private CoveredDisks? _disks;
    private object? _askedFor;
    private string? _problem;
    private bool _compared;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    /// <summary>While QEMU saves or loads, it answers nobody.</summary>
    private bool MayAsk => RendererInfo.IsInteractive && Running is null && State.IsThere && VmAsking.WhyNotQemu(State) is null
        && State.RunState != RunState.SaveVm && State.RunState != RunState.RestoreVm;

    private void BeginToFollow()
    {
        Show(_snapshots.Tree);
        var subscription = Feed.Subscribe(record => record.Item is SnapshotsChanged && record.Source.Name == State.Name.ToString());
        foreach (var record in subscription.Snapshot)
        {
            Take(record);
        }

        if (!RendererInfo.IsInteractive)
        {
            subscription.Dispose();
            return;
        }

        _subscription = subscription;
        _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
        _readLoop = Task.WhenAll(ReadLoopAsync(subscription), CompareAsync());
    }

    private async Task EndFollowingAsync()
    {
        _throttle?.Dispose();
        _subscription?.Dispose();
        await _readLoop;
        await _render;
        await _asking;
    }

    private async Task ReadLoopAsync(FeedSubscription subscription)
    {
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_leaving.Token))
            {
                await InvokeAsync(() => Take(record));
                _throttle!.Request();
            }
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
    }

    /// <summary>Somebody else may have changed what the disks hold since LabNet looked last.</summary>
    private async Task CompareAsync()
    {
        try
        {
            // What came of it is told by the feed.
            await _snapshots.ReadAsync(_leaving.Token);
            _compared = true;
            _throttle!.Request();
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
    }

    private void Take(FeedRecord record)
    {
        // After a gap the tree is asked for where it is kept.
        switch (record.Item)
        {
            case SnapshotsChanged { Tree: var tree }:
                Show(tree);
                break;
            case FeedGap:
                Show(_snapshots.Tree);
                break;
        }
    }

    private void Show(SnapshotTree tree) => (_tree, _lanes) = (tree, SnapshotLanes.Of(tree));

    private void AskIfChanged()
    {
        var now = (MayAsk, State.RunState, string.Join(' ', State.Plugged.Select(device => device.Id)));
        if (!now.Equals(_askedFor))
        {
            _askedFor = now;
            _asking = AskAfterAsync(_asking);
        }
    }

    private async Task AskAfterAsync(Task before)
    {
        await before;
        await AskAsync();
    }

    private async Task AskAsync()
    {
        if (!MayAsk)
        {
            (_disks, _problem) = (State.IsThere ? _disks : null, State.IsThere ? _problem : null);
            return;
        }

        try
        {
            _disks = await CoveredDisks.ReadAsync(Session, _leaving.Token);
            _problem = null;
        }
        catch (QmpException e)
        {
            _problem = e.Message;
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            return;
        }

        await InvokeAsync(StateHasChanged);
    }
}
