using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Deleting a snapshot: by QEMU while it runs, by qemu-img while it does not.</summary>
public sealed partial class VmSnapshots
{
    private const string DeleteAction = "snapshot-delete";

    /// <summary>Begins to delete a snapshot. Those that came from it keep their lineage.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">It is not there, or something is under way.</exception>
    /// <exception cref="QmpException"/>
    public Task<Operation> BeginDeleteAsync(Snapshot snapshot, Actor actor, CancellationToken cancellationToken) => snapshot.IsThere
        ? BeginAsync(
            DeleteAction, snapshot.Name, $"Snapshot “{snapshot.Name}” is being deleted", actor, (_, _) => DeleteAsync(snapshot), cancellationToken)
        : throw new VmConflictException($"Snapshot “{snapshot.Name}” is not there any more.");

    private async Task DeleteAsync(Snapshot snapshot)
    {
        var step = new SnapshotStep(SnapshotStepKind.Delete, snapshot.Id, snapshot.Tag, Vm.State.RunState == RunState.Running, _time.GetUtcNow());
        await ChangeAsync(tree => tree.Begin(step));
        try
        {
            await DeleteTagAsync(step.JobId, snapshot.Tag);
        }
        catch (Exception e) when (e is (not QmpException) or QmpCommandException)
        {
            await LearnAsync(tree => tree.GiveUp());
            throw;
        }

        await LearnAsync(tree => tree.Deleted(snapshot.Id));
        Tell("deleted", $"Snapshot “{snapshot.Name}” was deleted.");
    }

    private async Task DeleteTagAsync(string jobId, string tag)
    {
        if (Vm.State.IsThere)
        {
            var disks = await CoveredDisks.ReadAsync(Vm, CancellationToken.None);
            string[] having = [.. disks.Held.Where(one => one.Tag == tag).SelectMany(one => one.Disks)];
            if (await RunJobAsync(SnapshotCommands.Delete, new SnapshotDeleteArguments(jobId, tag, having), jobId) is { } error)
            {
                throw new VmConflictException($"QEMU could not delete the snapshot: {error}");
            }
        }
        else if (Vm.State.Definition is Labs.StartedVm)
        {
            await Hosts.Host.DeleteSnapshotAsync(Vm.Paths.Disk, tag, CancellationToken.None);
        }
        else
        {
            Vm.ThrowUnlessConnected();
        }
    }
}
