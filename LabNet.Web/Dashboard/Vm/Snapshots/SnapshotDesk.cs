using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>
/// Where a viewer's wishes for snapshots are taken: asks what exactly, tells what will be lost, hands it on. What is refused stands in the
/// dialog, which stays open.
/// </summary>
public sealed class SnapshotDesk(DialogService dialogs)
{
    private static readonly DialogOptions Options = new() { Width = "540px", ShowClose = false, CloseDialogOnOverlayClick = true };

    public Task TakeAsync(VmSnapshots snapshots, CoveredDisks? disks, Actor actor, CancellationToken cancellationToken)
    {
        Func<string, string, Task<string?>> begin = (name, note) => BeginAsync(() => snapshots.BeginTakeAsync(name, note, actor, cancellationToken));
        return dialogs.OpenAsync<TakeSnapshotDialog>(
            $"Take a snapshot of {snapshots.Vm.State.Name}",
            new Dictionary<string, object?>
            {
                [nameof(TakeSnapshotDialog.State)] = snapshots.Vm.State,
                [nameof(TakeSnapshotDialog.Tree)] = snapshots.Tree,
                [nameof(TakeSnapshotDialog.Disks)] = disks is null ? Array.Empty<string>() : [.. disks.Nodes],
                [nameof(TakeSnapshotDialog.Begin)] = begin,
            },
            Options);
    }

    /// <param name="disks">As they are now; null where they cannot be asked.</param>
    public Task RestoreAsync(VmSnapshots snapshots, Snapshot snapshot, CoveredDisks? disks, Actor actor, CancellationToken cancellationToken)
    {
        var plan = RestorePlan.Of(snapshots, snapshot, disks);
        Func<bool, Task<string?>> begin = keep => BeginAsync(() => snapshots.BeginRestoreAsync(snapshot, keep, actor, cancellationToken));
        return dialogs.OpenAsync<RestoreDialog>(
            plan.WhyNot is null ? "Restore this snapshot?" : "This snapshot cannot be restored",
            new Dictionary<string, object?>
            {
                [nameof(RestoreDialog.Vm)] = snapshots.Vm.State.Name,
                [nameof(RestoreDialog.Plan)] = plan,
                [nameof(RestoreDialog.Begin)] = begin,
            },
            Options);
    }

    public Task DeleteAsync(VmSnapshots snapshots, Snapshot snapshot, Actor actor, CancellationToken cancellationToken)
    {
        var tree = snapshots.Tree;
        Func<Task<string?>> begin = () => BeginAsync(() => snapshots.BeginDeleteAsync(snapshot, actor, cancellationToken));
        return dialogs.OpenAsync<DeleteSnapshotDialog>(
            "Delete this snapshot?",
            new Dictionary<string, object?>
            {
                [nameof(DeleteSnapshotDialog.Vm)] = snapshots.Vm.State.Name,
                [nameof(DeleteSnapshotDialog.Snapshot)] = snapshot,
                [nameof(DeleteSnapshotDialog.Children)] = tree.There.Count(one => tree.ParentThereOf(one)?.Id == snapshot.Id),
                [nameof(DeleteSnapshotDialog.Begin)] = begin,
            },
            Options);
    }

    private static async Task<string?> BeginAsync(Func<Task<Operation>> begin)
    {
        try
        {
            await begin();
            return null;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or QmpException or HostException or DatabaseException or ArgumentException)
        {
            return e.Message;
        }
    }
}
