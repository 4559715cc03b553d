using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace LabNet.Web.Dashboard.Overview;

/// <summary>The lab at a glance. Everything on it comes from one subscription.</summary>
public sealed partial class LabPage
{
    /// <summary>More VMs than these are rows of a table.</summary>
    private const int CardsMax = 6;

    private readonly CancellationTokenSource _leaving = new();
    private LabView _view = default!;
    private Actor _actor = new("", Role.Viewer, "dashboard");
    private VmName? _selected;
    private RenderThrottle? _throttle;
    private FeedSubscription? _subscription;
    private Task _readLoop = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    /// <summary>What was asked for and is not accepted yet.</summary>
    private ImmutableDictionary<VmName, VmAction?> _asked = ImmutableDictionary<VmName, VmAction?>.Empty;

    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private OperationRegistry Operations { get; set; } = default!;

    [Inject]
    private VmDesk Desk { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private ActorOf ActorOf { get; set; } = default!;

    [CascadingParameter]
    private Task<AuthenticationState> Authentication { get; set; } = default!;

    /// <summary>The VM that is looked at, in the URL so that the view can be shared.</summary>
    [SupplyParameterFromQuery(Name = "vm")]
    private string? SelectedName { get; set; }

    private bool HasLinks => !_view.Lab.Links.IsEmpty;

    protected override async Task OnInitializedAsync()
    {
        _view = new LabView(Registry.Lab);
        var subscription = Feed.Subscribe(LabView.Wants);
        foreach (var record in subscription.Snapshot)
        {
            _view = _view.Apply(record);
        }

        if (RendererInfo.IsInteractive)
        {
            _subscription = subscription;
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
            _readLoop = ReadLoopAsync(subscription);
        }
        else
        {
            subscription.Dispose();
        }

        _actor = ActorOf((await Authentication).User);
    }

    protected override void OnParametersSet() => _selected = VmName.TryParse(SelectedName, out var name) ? name : null;

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _subscription?.Dispose();
        await _readLoop;
        await _render;
        _leaving.Dispose();
    }

    private async Task ReadLoopAsync(FeedSubscription subscription)
    {
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_leaving.Token))
            {
                Take(record);
                _throttle!.Request();
            }
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            // To the layout's error boundary: a page that silently stopped following would show old states as new.
            await DispatchExceptionAsync(e);
        }
    }

    private void Take(FeedRecord record)
    {
        var before = _view;
        _view = _view.Apply(record);
        switch (record.Item)
        {
            case OperationChanged { Operation: var operation }:
                Desk.TellFailure(operation, _actor);
                break;
            case FeedGap:
                // An operation's end may be among what was missed.
                foreach (var operation in before.Operations.Values.SelectMany(o => o).Where(o => o.State == OperationState.Running))
                {
                    AskAgain(operation);
                }

                break;
        }
    }

    private void AskAgain(Operation operation)
    {
        if (Operations.Find(operation.Id) is { } now)
        {
            _view = _view.With(now);
            Desk.TellFailure(now, _actor);
        }
    }

    private async Task AskAsync(VmWish wish)
    {
        if (_asked.GetValueOrDefault(wish.Vm) is not null || !await Desk.ConfirmAsync(wish))
        {
            return;
        }

        _asked = _asked.SetItem(wish.Vm, wish.Action);
        StateHasChanged();
        try
        {
            if (await Desk.BeginAsync(wish, _actor, _leaving.Token) is { } operation && _view.OperationsOf(wish.Vm).All(o => o.Id != operation.Id))
            {
                _view = _view.With(operation);
            }
        }
        finally
        {
            _asked = _asked.Remove(wish.Vm);
        }
    }

    private void CancelAsync(Operation operation) => Desk.Cancel(operation, _actor);
}
