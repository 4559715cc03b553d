using System.Collections.Immutable;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Faults;

/// <summary>What of the VM is broken on purpose, was, and can be.</summary>
public sealed partial class FaultsTab : IAsyncDisposable
{
    private const int OverShown = 200;

    private readonly CancellationTokenSource _leaving = new();
    private VmFaults _faults = default!;
    private ImmutableArray<Fault> _open = [];
    private ImmutableArray<Fault> _over = [];
    private string? _problem;
    private FeedSubscription? _changes;
    private RenderThrottle? _throttle;
    private Task _following = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    [Inject]
    private FaultRegistry Registry { get; set; } = default!;

    [Inject]
    private FaultStore Store { get; set; } = default!;

    [Inject]
    private FaultDesk Desk { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    protected override void OnInitialized()
    {
        _faults = Registry.Of(State.Name);
        var source = new FeedSource(State.Name.ToString());
        if (RendererInfo.IsInteractive)
        {
            _changes = Feed.Subscribe(record => record.Source == source && record.Item is FaultChanged);
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
        }

        Read();
        _following = _changes is null ? Task.CompletedTask : FollowAsync(_changes);
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _changes?.Dispose();
        await _following;
        await _render;
        _leaving.Dispose();
    }

    private void Read()
    {
        try
        {
            _open = [.. _faults.Open];
            _over = [.. Store.Read(State.Name, OverShown).Where(fault => !fault.IsOpen)];
            _problem = null;
        }
        catch (DatabaseException e)
        {
            _problem = $"What was injected before cannot be read: {e.Message}";
        }
    }

    private async Task FollowAsync(FeedSubscription changes)
    {
        try
        {
            await foreach (var record in changes.ReadAllAsync(_leaving.Token))
            {
                await InvokeAsync(() => Take(record.Item));
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

    private void Take(FeedItem item)
    {
        if (item is FeedGap)
        {
            Read();
        }

        if (item is not FaultChanged { Fault: var fault })
        {
            return;
        }

        _open = fault.IsOpen
            ? _open.Any(one => one.Id == fault.Id) ? [.. _open.Select(one => one.Id == fault.Id ? fault : one)] : _open.Add(fault)
            : _open.RemoveAll(one => one.Id == fault.Id);
        if (!fault.IsOpen)
        {
            _over = [fault, .. _over.Where(one => one.Id != fault.Id).Take(OverShown - 1)];
        }
    }

    private Task LiftAsync(Fault fault) => Desk.LiftAsync(_faults, fault, Actor, _leaving.Token);
}
