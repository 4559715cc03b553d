using LabNet.Core.Feed;
using LabNet.Core.TraceEvents;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>
/// Events themselves do not come by the feed: it tells that there are some, and the newest are pulled, ten times a second at most. The list's
/// filter is in the address.
/// </summary>
public sealed partial class TraceTab
{
    /// <summary>A rate goes down also when nothing comes any more.</summary>
    private static readonly TimeSpan RatePeriod = TimeSpan.FromSeconds(1);

    private FeedSubscription? _subscription;
    private RenderThrottle? _throttle;
    private ITimer? _ticking;
    private Task _readLoop = Task.CompletedTask;
    private Task _refresh = Task.CompletedTask;
    private TraceFollower _follower = default!;
    private TraceRate _rate = default!;
    private TraceEventsSeen? _seen;
    private TraceFilterText _filter = TraceFilterText.None;
    private TraceFilter? _chosen;
    private string? _inAddress;
    private bool _following;
    private bool _paused;
    private TraceHold _hold;
    private bool _pulling;
    private bool _pullAgain;

    [Inject]
    private TracePump Pump { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "filter")]
    private string? FilterInAddress { get; set; }

    private void BeginToFollow()
    {
        _follower = new TraceFollower(Pump.TailOf(State.Name));
        _rate = new TraceRate(Time);
        var subscription = Feed.Subscribe(record => record.Item is TraceEventsSeen && record.Source.Name == State.Name.ToString());
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
        _ticking = Time.CreateTimer(_ => _throttle.Request(), state: null, RatePeriod, RatePeriod);
        _readLoop = ReadLoopAsync(subscription);
    }

    private async Task EndFollowingAsync()
    {
        _throttle?.Dispose();
        _subscription?.Dispose();
        await (_ticking?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _readLoop;
        await _refresh;
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
            _seen = seen;
            _rate.Add(seen);
        }
    }

    /// <summary>Pulls beside the circuit, which unpacks no segment and waits for none; one pull at a time.</summary>
    private async Task RefreshAsync()
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
                var (filter, stands, seen) = (_chosen, _paused || _hold is not TraceHold.None, _seen);
                await Task.Run(() => Pull(filter, stands, seen), _leaving.Token);
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

    private void Pull(TraceFilter? filter, bool stands, TraceEventsSeen? seen)
    {
        if (filter != _follower.Filter)
        {
            _follower.Choose(filter);
        }

        _follower.Pull(seen?.LastSequence ?? 0, seen?.FilteredOut ?? 0, stands);
    }

    private async Task TakeFromAddressAsync()
    {
        if (FilterInAddress != _inAddress || !_following)
        {
            (_inAddress, _following) = (FilterInAddress, true);
            await ChooseAsync(TraceFilterText.Of(FilterInAddress, Catalogue));
        }
    }

    /// <summary>While a filter has a mistake, the list stays as it is.</summary>
    private Task ChooseAsync(TraceFilterText filter)
    {
        _filter = filter;
        _chosen = filter.Mistake is null ? filter.Filter : _chosen;
        return RendererInfo.IsInteractive ? RefreshAsync() : Task.CompletedTask;
    }

    private void KeepInAddress()
    {
        if (_filter.Mistake is null && _filter.Text != (FilterInAddress ?? ""))
        {
            _inAddress = _filter.Text.Length == 0 ? null : _filter.Text;
            Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("filter", _inAddress), replace: true);
        }
    }

    private Task PauseAsync(bool paused)
    {
        _paused = paused;
        return RefreshAsync();
    }

    private Task HoldAsync(TraceHold hold)
    {
        _hold = hold;
        return RefreshAsync();
    }
}
