using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Api;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Differences;

/// <summary>In what two snapshots differ, or one and what is now. What tables tell comes first; both saved machines are read after that.</summary>
public sealed partial class DifferencesView : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private CancellationTokenSource? _reading;
    private (SnapshotId From, SnapshotId? To)? _asked;
    private SnapshotDifferences? _found;
    private SnapshotDifferences? _state;
    private string? _problem;

    [Parameter, EditorRequired]
    public VmSnapshots Snapshots { get; set; } = default!;

    [Parameter, EditorRequired]
    public Snapshot From { get; set; } = default!;

    /// <summary>Null for what is now.</summary>
    [Parameter, EditorRequired]
    public Snapshot? To { get; set; }

    /// <summary>Who looks; whether the guest may be made to stand still goes by the role.</summary>
    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    private bool MayStandStill => Actor.Role >= Role.Operator;

    private bool Running => Snapshots.Vm.State.RunState == RunState.Running;

    public void Dispose()
    {
        _leaving.Cancel();
        _reading?.Dispose();
        _leaving.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_asked == (From.Id, To?.Id))
        {
            return;
        }

        _asked = (From.Id, To?.Id);
        (_found, _state, _problem) = (null, null, null);
        if (_reading is not null)
        {
            await _reading.CancelAsync();
            _reading.Dispose();
        }

        _reading = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token);
        await ReadAsync(_reading.Token);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await Snapshots.CompareAsync(From, To, withState: false, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _found = found;
            StateHasChanged();
            var state = await Snapshots.CompareAsync(From, To, withState: true, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _state = state;
        }
        catch (OperationCanceledException)
        {
            // Others were chosen, or the page was left.
        }
        catch (Exception e) when (e is QmpException or DatabaseException or GuestAgentException)
        {
            _problem = $"What differs cannot be told: {e.Message}";
        }
    }

    private async Task StandStillAsync()
    {
        try
        {
            _found = await Snapshots.CompareStandingStillAsync(From, Actor, _leaving.Token);
            _state = _state is null ? null : _state with { Disks = _found.Disks };
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The page was left.
        }
        catch (Exception e) when (e is VmConflictException or QmpException or DatabaseException or ForbiddenException)
        {
            _problem = $"What differs cannot be told exactly: {e.Message}";
        }
    }

    private string Address(string format) =>
        $"{LabNetApi.Root}/vms/{Snapshots.Vm.State.Name}/snapshots/{From.Id}/diff/{To?.Id.Text ?? "now"}?format={format}";
}
