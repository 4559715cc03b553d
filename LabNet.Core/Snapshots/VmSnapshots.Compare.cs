using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Comparing two snapshots, or one with what is now. Nothing of it goes through QEMU but what the machine is now.</summary>
public sealed partial class VmSnapshots
{
    private const string Now = "now";

    /// <summary>In what two states differ.</summary>
    /// <param name="to">Null for the running state.</param>
    /// <param name="withState">Whether the machines' saved states are read too, all of their memory, and the guest's file systems: some hundred MB a second.</param>
    /// <exception cref="Storage.DatabaseException"/>
    /// <exception cref="OperationCanceledException"/>
    public async Task<SnapshotDifferences> CompareAsync(Snapshot from, Snapshot? to, bool withState, CancellationToken cancellationToken)
    {
        var (machine, machineProblem) = await CompareMachinesAsync(from, to, cancellationToken);
        var files = await ReadFilesAsync(from, to, cancellationToken);
        var isExact = to is not null || Vm.State.RunState != RunState.Running;
        return await Task.Run(
            () =>
            {
                ImmutableArray<DiskDifference> disks = [.. files.Select(file => CompareDisk(file.Key, file.Value, from, to, isExact, withState, cancellationToken))];
                var (state, stateProblem) = withState ? CompareStates(files.GetValueOrDefault(CoveredDisks.OwnDisk) ?? files.Values.FirstOrDefault(), from, to, cancellationToken) : (null, null);
                return new SnapshotDifferences(from.Name, to?.Name ?? Now, machine, machineProblem, disks, state, stateProblem);
            },
            cancellationToken);
    }

    /// <summary>Compares with what is now while the guest stands still, for the actor (operator): only then QEMU has written down all of its tables. Some milliseconds.</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">Something is under way.</exception>
    /// <exception cref="QmpException"/>
    public async Task<SnapshotDifferences> CompareStandingStillAsync(Snapshot from, Actor actor, CancellationToken cancellationToken)
    {
        SnapshotDifferences? differences = null;
        var operation = await BeginAsync(
            "snapshot-compare", from.Name, $"Snapshot “{from.Name}” is being compared with what is now", actor, (_, ct) => LookAsync(ct), cancellationToken);
        var ended = await Vm.WaitForOperationAsync(operation, cancellationToken);
        return differences ?? throw new VmConflictException(ended?.Error ?? "The comparison was cancelled.");

        async Task LookAsync(CancellationToken ct)
        {
            var wasRunning = Vm.State.RunState == RunState.Running;
            if (!wasRunning)
            {
                differences = await CompareAsync(from, to: null, withState: false, ct);
                return;
            }

            await ChangeAsync(tree => tree.Begin(new SnapshotStep(SnapshotStepKind.Look, from.Id, from.Tag, wasRunning, _time.GetUtcNow())));
            try
            {
                // QEMU flushes its caches of the tables when the vCPUs stop.
                await Vm.SetRunningAsync(running: false, CancellationToken.None);
                differences = await CompareAsync(from, to: null, withState: false, ct);
            }
            finally
            {
                await Vm.SetRunningAsync(running: true, CancellationToken.None);
                await LearnAsync(tree => tree.GiveUp());
            }
        }
    }

    private async Task<(MachineDifferences? Machine, string? Problem)> CompareMachinesAsync(Snapshot from, Snapshot? to, CancellationToken cancellationToken)
    {
        if (_store.FindFacts(Vm.State.Name, from.Id) is not { } before)
        {
            return (null, WhyUnknown(from));
        }

        if (to is not null)
        {
            return _store.FindFacts(Vm.State.Name, to.Id) is { } after ? (MachineDifferences.Between(before, after), null) : (null, WhyUnknown(to));
        }

        try
        {
            return (MachineDifferences.Between(before, await MachineFacts.ReadAsync(Vm, cancellationToken)), null);
        }
        catch (QmpException e)
        {
            return (null, $"What the machine is now QEMU does not tell: {e.Message}");
        }
    }

    private static string WhyUnknown(Snapshot snapshot) => snapshot.Origin == SnapshotOrigin.External
        ? $"LabNet did not take “{snapshot.Name}”, so what the machine was then is not known."
        : $"What the machine was at “{snapshot.Name}” is lost with lab.db.";

    /// <summary>The files of the disks that both have, by block node.</summary>
    private async Task<ImmutableSortedDictionary<string, string>> ReadFilesAsync(Snapshot from, Snapshot? to, CancellationToken cancellationToken)
    {
        var files = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Vm.State.Connection is QmpLinkState.Connected)
        {
            files.AddRange((await CoveredDisks.ReadAsync(Vm, cancellationToken)).Files);
        }
        else if (Vm.State.Definition is StartedVm)
        {
            files[CoveredDisks.OwnDisk] = Vm.Paths.Disk;
        }

        // A disk that was plugged in when both were taken can be compared also where it is not any more.
        foreach (var device in from.Machine?.Plugged ?? [])
        {
            if (device is { NodeName: { } node, File: { } file } && to?.Machine?.Plugged.Any(one => one.NodeName == node) == true)
            {
                files[node] = file;
            }
        }

        return files.ToImmutable();
    }

    private static DiskDifference CompareDisk(
        string node, string path, Snapshot from, Snapshot? to, bool isExact, bool withFiles, CancellationToken cancellationToken)
    {
        try
        {
            using var image = Qcow2Image.Open(path);
            if (Find(image, from) is not { } before)
            {
                return new DiskDifference(node, Clusters: null, isExact, $"It was not there at “{from.Name}”.");
            }

            Qcow2Snapshot? after = null;
            if (to is not null && (after = Find(image, to)) is null)
            {
                return new DiskDifference(node, Clusters: null, isExact, $"It was not there at “{to.Name}”.");
            }

            var disk = new DiskDifference(node, image.Compare(before, after, cancellationToken), isExact, Problem: null);
            return withFiles ? WithFiles(disk, image, before, after, cancellationToken) : disk;
        }
        catch (Exception e) when (e is Qcow2Exception or IOException or UnauthorizedAccessException)
        {
            return new DiskDifference(node, Clusters: null, isExact, e.Message);
        }
    }

    private static DiskDifference WithFiles(DiskDifference disk, Qcow2Image image, Qcow2Snapshot before, Qcow2Snapshot? after, CancellationToken cancellationToken)
    {
        try
        {
            return disk with { Files = image.CompareFiles(before, after, cancellationToken) };
        }
        catch (Exception e) when (e is Ext4Exception or Qcow2Exception or IOException or UnauthorizedAccessException)
        {
            return disk with { FilesProblem = e.Message };
        }
    }

    private static (SavedMachineDifference? State, string? Problem) CompareStates(string? path, Snapshot from, Snapshot? to, CancellationToken cancellationToken)
    {
        if (to is null || path is null)
        {
            return (null, "What is now lies in QEMU's memory and not in a file: take a snapshot to compare registers, devices' fields and RAM.");
        }

        try
        {
            using var image = Qcow2Image.Open(path);
            return Find(image, from) is { } before && Find(image, to) is { } after
                ? (SavedMachineDifference.Between(ReadState(image, before, cancellationToken), ReadState(image, after, cancellationToken), cancellationToken), null)
                : (null, "One of both is not in the disk any more.");
        }
        catch (Exception e) when (e is Qcow2Exception or SavedStateException or IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }

    private static SavedMachine ReadState(Qcow2Image image, Qcow2Snapshot snapshot, CancellationToken cancellationToken)
    {
        using var state = image.OpenVmState(snapshot);
        return SavedMachine.Read(state, cancellationToken);
    }

    private static Qcow2Snapshot? Find(Qcow2Image image, Snapshot snapshot) =>
        image.Snapshots.FirstOrDefault(one => one.Tag == snapshot.Tag && (long)one.VmClockNs == snapshot.VmClockNs);
}
