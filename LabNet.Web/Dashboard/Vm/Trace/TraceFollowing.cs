using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.TraceEvents;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>
/// A part of a VM's page that shows its newest trace events. They do not come by the feed: it tells that there are some, and the newest are
/// pulled, ten times a second at most.
/// </summary>
public abstract class TraceFollowing : ComponentBase, IAsyncDisposable
{
    /// <summary>A rate goes down also when nothing comes any more.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _leaving = new();
    private FeedSubscription? _subscription;
    private RenderThrottle? _throttle;
    private ITimer? _ticking;
    private Task _readLoop = Task.CompletedTask;
    private Task _refresh = Task.CompletedTask;
    private bool _pulling;
    private bool _pullAgain;

    [Inject]
    protected TracePump Pump { get; set; } = default!;

    [Inject]
    protected TimeProvider Time { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    /// <summary>Null before anything was told.</summary>
    protected TraceEventsSeen? Seen { get; private set; }

    /// <summary>Cancelled when the viewer goes to another page.</summary>
    protected CancellationToken Leaving => _leaving.Token;

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _subscription?.Dispose();
        await (_ticking?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _readLoop;
        await _refresh;
        await EndAsync();
        _leaving.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void BeginToFollow(VmName vm)
    {
        var subscription = Feed.Subscribe(record => record.Item is TraceEventsSeen && record.Source.Name == vm.ToString());
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
        _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _refresh = InvokeAsync(RefreshAsync));
        _ticking = Time.CreateTimer(_ => _throttle.Request(), state: null, LookPeriod, LookPeriod);
        _readLoop = ReadLoopAsync(subscription);
    }

    /// <summary>There is something to show; on any thread.</summary>
    protected void RequestRefresh() => _throttle?.Request();

    /// <summary>What a pull does, made on the circuit out of what it shows at the moment; it then runs beside the circuit.</summary>
    protected abstract Action NextPull();

    /// <summary>The feed told that there is more.</summary>
    protected virtual void Notice(TraceEventsSeen seen)
    {
    }

    /// <summary>The viewer has gone to another page.</summary>
    protected virtual Task EndAsync() => Task.CompletedTask;

    /// <summary>Pulls beside the circuit, which unpacks no segment and waits for none; one pull at a time.</summary>
    protected async Task RefreshAsync()
    {
        _pullAgain = _pulling;
        if (_pulling)
        {
            return;
        }

        _pulling = true;
        try
        {
            do
            {
                _pullAgain = false;
                await Task.Run(NextPull(), _leaving.Token);
                StateHasChanged();
            }
            while (_pullAgain);
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
        finally
        {
            _pulling = false;
        }
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

    private void Take(FeedRecord record)
    {
        // A gap changes nothing: what comes behind it tells the newest.
        if (record.Item is TraceEventsSeen seen)
        {
            Seen = seen;
            Notice(seen);
        }
    }
}
