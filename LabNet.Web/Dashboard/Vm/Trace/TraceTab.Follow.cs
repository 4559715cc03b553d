using LabNet.Core.TraceEvents;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>The list of the newest events, whose filter is in the address.</summary>
public sealed partial class TraceTab
{
    private TraceFollower _follower = default!;
    private TraceRate _rate = default!;
    private TraceFilterText _filter = TraceFilterText.None;
    private TraceFilter? _chosen;
    private string? _inAddress;
    private bool _following;
    private bool _paused;
    private TraceHold _hold;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "filter")]
    private string? FilterInAddress { get; set; }

    protected override void Notice(TraceEventsSeen seen) => _rate.Add(seen);

    protected override Action NextPull()
    {
        var (filter, stands, seen) = (_chosen, _paused || _hold is not TraceHold.None, Seen);
        return () =>
        {
            if (filter != _follower.Filter)
            {
                _follower.Choose(filter);
            }

            _follower.Pull(seen?.LastSequence ?? 0, seen?.FilteredOut ?? 0, stands);
        };
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
