using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace LabNet.Web.Dashboard.Live;

/// <summary>A page that follows the lab by one subscription, and from which VMs can be asked for something.</summary>
public abstract class LivePage : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private RenderThrottle? _throttle;
    private FeedSubscription? _subscription;
    private Task _readLoop = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    [Inject]
    protected VmRegistry Registry { get; set; } = default!;

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

    protected LabView View { get; private set; } = default!;

    protected Actor Actor { get; private set; } = new("", Role.Viewer, "dashboard");

    /// <summary>What was asked for and is not accepted yet.</summary>
    protected ImmutableDictionary<VmName, VmAction?> Asked { get; private set; } = ImmutableDictionary<VmName, VmAction?>.Empty;

    protected override async Task OnInitializedAsync()
    {
        View = new LabView(Registry.Lab);
        var subscription = Feed.Subscribe(LabView.Wants);
        foreach (var record in subscription.Snapshot)
        {
            View = View.Apply(record);
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

        Actor = ActorOf((await Authentication).User);
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _subscription?.Dispose();
        await _readLoop;
        await _render;
        _leaving.Dispose();
        GC.SuppressFinalize(this);
    }

    protected async Task AskAsync(VmWish wish)
    {
        if (Asked.GetValueOrDefault(wish.Vm) is not null || !await Desk.ConfirmAsync(wish))
        {
            return;
        }

        Asked = Asked.SetItem(wish.Vm, wish.Action);
        StateHasChanged();
        try
        {
            if (await Desk.BeginAsync(wish, Actor, _leaving.Token) is { } operation && View.OperationsOf(wish.Vm).All(o => o.Id != operation.Id))
            {
                View = View.With(operation);
            }
        }
        finally
        {
            Asked = Asked.Remove(wish.Vm);
        }
    }

    protected void Cancel(Operation operation) => Desk.Cancel(operation, Actor);

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
        var before = View;
        View = View.Apply(record);
        switch (record.Item)
        {
            case OperationChanged { Operation: var operation }:
                Desk.TellFailure(operation, Actor);
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
            View = View.With(now);
            Desk.TellFailure(now, Actor);
        }
    }
}
