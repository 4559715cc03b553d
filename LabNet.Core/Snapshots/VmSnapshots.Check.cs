using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Whether the VM's own disk is sound, while it is off.</summary>
public sealed partial class VmSnapshots
{
    /// <exception cref="VmConflictException">The VM has its disk open, or LabNet does not know which it is.</exception>
    /// <exception cref="HostException">The disk cannot be checked.</exception>
    public async Task<ImageCheck> CheckDiskAsync(CancellationToken cancellationToken)
    {
        ThrowUnlessOff();
        return await Host.CheckImageAsync(Vm.Paths.Disk, ImageRepair.None, cancellationToken);
    }

    /// <summary>Begins to free the clusters that nothing points to.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">The VM has its disk open, LabNet does not know which it is, or something is under way.</exception>
    public async Task<Operation> BeginRepairAsync(Actor actor, CancellationToken cancellationToken)
    {
        ThrowUnlessOff();
        return await BeginAsync("disk-repair", "leaks", "Its disk is being repaired", actor, (_, ct) => RepairAsync(ct), cancellationToken);
    }

    private async Task RepairAsync(CancellationToken cancellationToken)
    {
        ThrowUnlessOff();
        var check = await Host.CheckImageAsync(Vm.Paths.Disk, ImageRepair.Leaks, cancellationToken);
        Tell("repaired", check.IsSound ? "The leaks of its disk were repaired." : $"Its disk has {check.Corruptions + check.Errors} faults that LabNet does not repair: restore a snapshot, or begin anew with ./infra/lab down --purge.");
    }

    /// <summary>
    /// A QEMU that dies while it loads a snapshot can leave a disk whose clusters pass for its own and are a snapshot's too (QEMU 7.2,
    /// qcow2_snapshot_goto: the tables are written before the flags in them): the guest's next writes would go into the snapshot. So what QEMU
    /// was killed in is set right before another one opens it.
    /// </summary>
    /// <exception cref="HostException">A disk cannot be checked.</exception>
    private async Task RepairAfterDeathAsync(CancellationToken cancellationToken)
    {
        if (!_mayBeDamaged)
        {
            return;
        }

        var plugged = Path.Join(Vm.Paths.Folder, "disks");
        string[] disks = [Vm.Paths.Disk, .. Directory.Exists(plugged) ? Directory.GetFiles(plugged, "*.qcow2") : []];
        foreach (var disk in disks.Where(File.Exists))
        {
            var check = await Host.CheckImageAsync(disk, ImageRepair.None, cancellationToken);
            if (!check.IsSound)
            {
                var left = await Host.CheckImageAsync(disk, ImageRepair.All, cancellationToken);
                Tell("repaired", $"QEMU ended in the middle of its work on snapshots, and left {check.Corruptions + check.Errors} places in {Path.GetFileName(disk)} that contradicted each other. {(left.IsSound ? "They were set right." : $"{left.Corruptions + left.Errors} of them could not be set right.")}");
            }
        }

        _mayBeDamaged = false;
    }

    private void ThrowUnlessOff()
    {
        if (Vm.State.Definition is not StartedVm)
        {
            throw new VmConflictException($"LabNet did not start {Vm.State.Name}, and does not know its disks.");
        }

        if (Vm.State.Process is not (VmProcessState.Off or VmProcessState.Exited) || !File.Exists(Vm.Paths.Disk))
        {
            throw new VmConflictException($"{Vm.State.Name} has its disk open, and what it has not written down yet would look like damage. Stop it first.");
        }
    }
}
