using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Keeping the tree true: after each connect, job, stop and end QEMU, or the disk, is asked what there is.</summary>
public sealed partial class VmSnapshots
{
    private const string OwnJobs = "labnet-";

    private readonly HashSet<string> _othersLoads = new(StringComparer.Ordinal);

    /// <summary>The tree, compared with what QEMU says now. Where nobody can be asked, or something is under way, as it is known.</summary>
    public async Task<SnapshotTree> ReadAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _underWay) is null)
        {
            await TryReconcileAsync(cancellationToken);
        }

        return Tree;
    }

    private async Task ReconcileLoopAsync(CancellationToken cancellationToken)
    {
        using var changes = _feed.Subscribe(record => record.Source == _source && record.Item is VmChanged);
        object? before = null;
        try
        {
            await foreach (var record in changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(cancellationToken)))
            {
                if (record.Item is VmChanged { State: var state } && MattersOf(state) is var matters && !matters.Equals(before))
                {
                    before = matters;
                    await TryReconcileAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>What has to change for the snapshots to be others.</summary>
    private static object MattersOf(VmState state) =>
        (state.Connection is QmpLinkState.Connected, state.RunState, state.Process.GetType(), state.Agent is GuestAgentState.Answering, string.Join(' ', state.Jobs.Select(job => $"{job.Id} {job.Status}")));

    private async Task TryReconcileAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TakeTurnAsync(() => ReconcileAsync(cancellationToken), cancellationToken);
        }
        catch (Exception e) when (e is QmpException or HostException or DatabaseException or IOException or VmConflictException)
        {
            LogNotCompared(Vm.State.Name.ToString(), e.Message);
        }
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var state = Vm.State;
        if (!_isKept)
        {
            await TryKeepAsync();
        }

        // Of QEMU and not of the state, which knows the jobs of a QEMU that was just met a moment later.
        var jobs = state.Connection is QmpLinkState.Connected ? await Vm.ReadSnapshotJobsAsync(cancellationToken) : [];
        if (jobs.Any(job => job.Status != "concluded"))
        {
            // Its end comes as a change of its own; until then QEMU answers nobody.
            return;
        }

        if (state.Definition is StartedVm && state.Process is VmProcessState.Off or VmProcessState.Exited)
        {
            await RepairAfterDeathAsync(cancellationToken);
        }

        var held = state.Connection is QmpLinkState.Connected ? (await CoveredDisks.ReadAsync(Vm, cancellationToken)).Held
            : state.Definition is StartedVm && state.Process is VmProcessState.Off or VmProcessState.Exited && File.Exists(Vm.Paths.Disk)
                ? CoveredDisks.OfImage(await Host.DescribeImageAsync(Vm.Paths.Disk, cancellationToken))
            : (IReadOnlyList<HeldSnapshot>?)null;
        if (held is null)
        {
            return;
        }

        var resolved = Tree.Step;
        if (resolved is { } step)
        {
            // A QEMU that answers has not died; of one that is gone the disk was looked at before.
            _mayBeDamaged = false;
            await ResolveAsync(step, held, jobs);
        }

        await LookForLoadsAsync(jobs.Where(job => job.Id != resolved?.JobId));
        var before = Tree;
        await LearnAsync(tree => tree.Reconcile(held));
        TellChanges(before, Tree);
        if (Tree.Debt != GuestDebt.None && state.Agent is GuestAgentState.Answering)
        {
            await PayDebtAsync(meetAnew: false, cancellationToken);
        }
    }

    /// <summary>What became of a step whose LabNet, or whose QEMU, ended before it did.</summary>
    private async Task ResolveAsync(SnapshotStep step, IReadOnlyList<HeldSnapshot> held, IReadOnlyList<JobInfo> jobs)
    {
        var isKnown = jobs.Any(job => job.Id == step.JobId);
        var error = isKnown ? await Vm.EndJobAsync(step.JobId) : null;
        var there = held.LastOrDefault(one => one.Tag == step.Tag);
        switch (step.Kind)
        {
            case SnapshotStepKind.Save when there is not null && error is null && step.Draft!.Machine!.Disks.All(there.Disks.Contains):
                await LearnAsync(tree => tree.Taken(Completed(step, there)));
                Tell("taken", $"Snapshot “{step.Draft.Name}” was taken; LabNet, or QEMU, had ended before it could say so.");
                break;
            case SnapshotStepKind.Save:
                await LearnAsync(tree => tree.GiveUp());
                Tell("not-taken", $"Snapshot “{step.Draft!.Name}” was not taken: {error ?? "LabNet, or QEMU, ended before it was."}");
                if (there is not null)
                {
                    await DeleteTagAsync($"{OwnJobs}undo-{step.Id}", step.Tag);
                }

                break;
            case SnapshotStepKind.Load when isKnown && error is null:
                await LearnAsync(tree => tree.Loaded(step.Id));
                Tell("restored", $"Snapshot “{NameOf(step)}” was restored; LabNet had ended before it could say so.");
                break;
            case SnapshotStepKind.Load:
                await ResolveLoadAsync(step, error);
                break;
            case SnapshotStepKind.Delete when there is null:
                await LearnAsync(tree => tree.Deleted(step.Id));
                break;
            default:
                await LearnAsync(tree => tree.GiveUp());
                break;
        }

        // A QEMU that LabNet left in the middle of it is not left standing there.
        if (step.WasRunning && Vm.State.RunState is { } now
            && (now == RunState.RestoreVm || now == RunState.SaveVm || (step.Kind == SnapshotStepKind.Look && now == RunState.Paused)))
        {
            await Vm.SetRunningAsync(running: true, CancellationToken.None);
        }
    }

    private async Task ResolveLoadAsync(SnapshotStep step, string? error)
    {
        if (error is not null)
        {
            await LearnAsync(tree => tree.GiveUpLoad());
            Tell("not-restored", $"Snapshot “{NameOf(step)}” was not restored: {error}");
            return;
        }

        if (FindNearest(step) is { } nearest)
        {
            var isLoaded = nearest == step.Id;
            await LearnAsync(tree => isLoaded ? tree.Loaded(step.Id) : tree.GiveUpLoad());
            Tell(isLoaded ? "restored" : "not-restored", $"LabNet, or QEMU, ended while “{NameOf(step)}” was being restored. By the disk's own tables it {(isLoaded ? "was" : "was not")}.");
            return;
        }

        var why = $"LabNet, or QEMU, ended while “{NameOf(step)}” was being restored, and the disk's tables do not tell whether it was.";
        await LearnAsync(tree => tree.Doubt(why));
        Tell("in-doubt", why);
    }

    /// <summary>
    /// Which of both the disk came from: the one that was to be loaded, or the head. A load sets the disk's tables to those of the snapshot, and
    /// what the guest writes after that makes a few of them others.
    /// </summary>
    /// <returns>Null where they do not tell.</returns>
    private SnapshotId? FindNearest(SnapshotStep step)
    {
        if (Vm.State.Definition is not StartedVm || Tree.Head == step.Id)
        {
            return Tree.Head == step.Id ? step.Id : null;
        }

        try
        {
            using var image = Qcow2Image.Open(Vm.Paths.Disk);
            var loaded = CountChanged(image, Tree.Find(step.Id));
            var head = CountChanged(image, Tree.Head is { } id ? Tree.Find(id) : null);
            return (loaded, head) switch
            {
                (0, not 0) => step.Id,
                (null, _) or (_, null) => null,
                _ => loaded < head ? step.Id : loaded > head ? Tree.Head : null,
            };
        }
        catch (Exception e) when (e is Qcow2Exception or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? CountChanged(Qcow2Image image, Snapshot? snapshot) =>
        snapshot is not null && Find(image, snapshot) is { } found ? image.Compare(found, after: null, CancellationToken.None).Clusters : null;

    private string NameOf(SnapshotStep step) => Tree.Find(step.Id)?.Name ?? step.Tag;

    /// <summary>Loads that nobody here waited for: somebody else's, and one of LabNet's own that came to its end after its step was given up.</summary>
    private async Task LookForLoadsAsync(IEnumerable<JobInfo> concluded)
    {
        foreach (var job in concluded)
        {
            var isLoad = job is { Type: "snapshot-load", Error: null };

            // Another LabNet names its jobs the same way, and waits for them itself; it has other snapshots.
            if (job.Id.StartsWith(OwnJobs, StringComparison.Ordinal) && Tree.Find(new SnapshotId(job.Id[(job.Id.LastIndexOf('-') + 1)..])) is { } snapshot)
            {
                // Its id would be in the way of the next one of its kind.
                await Vm.EndJobAsync(job.Id);
                if (isLoad)
                {
                    await LearnAsync(tree => tree.Loaded(snapshot.Id));
                    Tell("restored", $"Snapshot “{snapshot.Name}” was restored after all, when nobody waited for it any more.");
                }
            }
            else if (isLoad && _othersLoads.Add(job.Id))
            {
                // A job tells that a snapshot was loaded, and not which.
                var why = $"Somebody else loaded a snapshot (QEMU's job {job.Id}): which one, QEMU does not tell.";
                await LearnAsync(tree => tree.Doubt(why));
                Tell("in-doubt", why);
            }
        }
    }

    private void TellChanges(SnapshotTree before, SnapshotTree now)
    {
        foreach (var snapshot in now.Snapshots)
        {
            switch (before.Find(snapshot.Id)?.Standing, snapshot.Standing)
            {
                case (null, SnapshotStanding.There):
                    Tell("found", $"Snapshot “{snapshot.Name}” is in the VM's disk, and LabNet did not take it.");
                    break;
                case (SnapshotStanding.There, SnapshotStanding.Gone):
                    Tell("gone", $"Snapshot “{snapshot.Name}” is gone, and LabNet did not delete it.");
                    break;
            }
        }

        foreach (var snapshot in before.There.Where(one => now.Find(one.Id) is null))
        {
            Tell("gone", $"Snapshot “{snapshot.Name}” is gone, and LabNet did not delete it.");
        }
    }
}
