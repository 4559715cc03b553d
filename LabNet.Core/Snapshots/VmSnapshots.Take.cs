using System.Globalization;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Snapshots;

/// <summary>Taking a snapshot while the VM runs.</summary>
public sealed partial class VmSnapshots
{
    /// <summary>How often the disk's file is looked at while QEMU writes into it and answers nothing.</summary>
    private static readonly TimeSpan GrowthPeriod = TimeSpan.FromMilliseconds(200);

    private string? _underWay;

    /// <summary>What is wrong with a snapshot's name; null if nothing is.</summary>
    public static string? MistakeOf(string name) => SnapshotTag.MistakeOf(name);

    /// <summary>Begins to take a snapshot, which is refused while there are faults that bar it.</summary>
    /// <inheritdoc cref="BeginTakeAsync(string, string, bool, Actor, CancellationToken)"/>
    public Task<Operation> BeginTakeAsync(string name, string note, Actor actor, CancellationToken cancellationToken) =>
        BeginTakeAsync(name, note, liftFaults: false, actor, cancellationToken);

    /// <summary>Begins to take a snapshot of the whole machine. It is done when QEMU's job concluded without error and the guest has its shares again.</summary>
    /// <param name="name">For people; any characters but control characters. What qcow2 holds is a safe form of it.</param>
    /// <param name="liftFaults">Whether faults that bar it are lifted first; else it is refused while there are any.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">There is such a snapshot, something is under way, or the machine cannot be saved; nothing was touched.</exception>
    /// <exception cref="QmpException"/>
    public async Task<Operation> BeginTakeAsync(string name, string note, bool liftFaults, Actor actor, CancellationToken cancellationToken)
    {
        if (MistakeOf(name) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(name));
        }

        Vm.ThrowUnlessConnected();
        if (Tree.There.Any(one => one.Name == name))
        {
            throw new VmConflictException($"{Vm.State.Name} has a snapshot “{name}” already. Choose another name, or delete that one.");
        }

        await FaultsLiftedAsync(liftFaults, actor, cancellationToken);
        ThrowUnlessCovered(await CoveredDisks.ReadAsync(Vm, cancellationToken));
        return await BeginAsync(
            "snapshot", name, $"Snapshot “{name}” is being taken", actor, (progress, ct) => SaveAsync(name, note, actor.Name, progress, ct), cancellationToken);
    }

    /// <summary>Begins what excludes all else that changes snapshots.</summary>
    private async Task<Operation> BeginAsync(
        string action, string detail, string underWay, Actor actor, Func<IProgress<double>, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _underWay, underWay, comparand: null) is { } other)
        {
            throw new VmConflictException($"{Vm.State.Name} is busy: {other}. Wait for its end.");
        }

        try
        {
            Vm.EnterSnapshot(underWay, mindsFaults: action != DeleteAction);
            return await Vm.BeginAsync(action, detail, Role.Operator, actor, RunAsync, cancellationToken);
        }
        catch
        {
            End();
            throw;
        }

        async Task RunAsync(IProgress<double> progress, CancellationToken ct)
        {
            try
            {
                await TakeTurnAsync(() => Vm.ChangeDevicesAsync(() => work(progress, ct), ct), ct);
            }
            finally
            {
                End();
            }
        }

        void End()
        {
            Vm.LeaveSnapshot();
            Volatile.Write(ref _underWay, null);
        }
    }

    /// <summary>No fault bars a snapshot from here on, but for one that somebody injects meanwhile.</summary>
    /// <exception cref="VmConflictException">One does, and is not to be lifted.</exception>
    private async Task FaultsLiftedAsync(bool lift, Actor actor, CancellationToken cancellationToken)
    {
        if (lift && Vm.LiftFaults is { } liftFaults)
        {
            await liftFaults(actor, cancellationToken);
        }

        if (Vm.WhyNoSnapshot is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }
    }

    private async Task TakeTurnAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What an attached VM has, its guest knows.</summary>
    private bool MayHaveShares => Vm.State.Definition is AttachedVm or StartedVm { Share: not null };

    private static void ThrowUnlessCovered(CoveredDisks disks)
    {
        if (disks.WhyNot is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }
    }

    private async Task<Snapshot> SaveAsync(string name, string note, string actor, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        var state = Vm.State;
        var disks = await CoveredDisks.ReadAsync(Vm, cancellationToken);
        ThrowUnlessCovered(disks);
        var began = _time.GetTimestamp();
        var id = SnapshotId.New();
        var facts = await MachineFacts.ReadAsync(Vm, cancellationToken);
        await _store.SaveFactsAsync(state.Name, id, facts, cancellationToken);
        var described = _time.GetElapsedTime(began);

        var tag = SnapshotTag.For(name, disks.Held.Select(one => one.Tag).ToHashSet(StringComparer.Ordinal));
        var draft = new Snapshot(id, tag, name, note, Parent: null, SnapshotOrigin.LabNet, SnapshotStanding.There, default, VmClockNs: 0, VmStateBytes: 0, actor)
        {
            Machine = new SnapshotMachine(state.QemuVersion, disks.Nodes, state.Plugged),
        };
        var step = new SnapshotStep(SnapshotStepKind.Save, id, tag, state.RunState == RunState.Running, _time.GetUtcNow(), draft);
        var asksGuest = step.WasRunning && MayHaveShares && state.Agent is not (GuestAgentState.Closed or GuestAgentState.NoSocket);
        await ChangeAsync(tree => tree.Begin(step).Owe(asksGuest ? tree.Debt | GuestDebt.Shares : tree.Debt));
        Snapshot taken;
        TimeSpan unmounted, saved;
        try
        {
            unmounted = asksGuest ? await MeasureAsync(() => LetGoOfSharesAsync(cancellationToken)) : TimeSpan.Zero;
            progress?.Report(0.2);
            saved = await MeasureAsync(() => RunSaveAsync(step, disks, progress));
            taken = await ReadTakenAsync(step);
        }
        catch (Exception e) when (e is (not QmpException) or QmpCommandException)
        {
            // QEMU has it not, or undid it; a QEMU that was lost is asked when it, or its successor, is there.
            await LearnAsync(tree => tree.GiveUp());
            throw;
        }
        finally
        {
            await PayDebtAsync(meetAnew: false, CancellationToken.None);
        }

        await LearnAsync(tree => tree.Taken(taken));
        var told = string.Create(
            CultureInfo.InvariantCulture,
            $"Snapshot “{name}” was taken: {taken.VmStateBytes / 1e6:0} MB of the machine's state, in {_time.GetElapsedTime(began).TotalSeconds:0.0} s (the guest stood still for {saved.TotalSeconds:0.00} s of them).");
        Tell("taken", told, new SnapshotTimes(described, unmounted, saved, _time.GetElapsedTime(began)));
        return taken;
    }

    /// <summary>A guest that is no Linux, that does not answer, or whose agent may start no programs, has nothing to let go of that LabNet could name: QEMU will say what it thinks.</summary>
    private async Task LetGoOfSharesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await GuestShares.UnmountAsync(Vm, cancellationToken);
        }
        catch (GuestAgentException e)
        {
            LogNoShares(Vm.State.Name.ToString(), e.Message);
        }
    }

    private async Task RunSaveAsync(SnapshotStep step, CoveredDisks disks, IProgress<double>? progress)
    {
        using var ended = new CancellationTokenSource();
        var growth = progress is null ? Task.CompletedTask : ReportGrowthAsync(progress, ended.Token);
        try
        {
            var error = await RunJobAsync(SnapshotCommands.Save, new SnapshotArguments(step.JobId, step.Tag, disks.Nodes[0], [.. disks.Nodes]), step.JobId);
            if (error is not null)
            {
                throw new VmConflictException($"QEMU could not take the snapshot: {error}{HintOfSpace()}");
            }
        }
        finally
        {
            await ended.CancelAsync();
            await growth;
        }
    }

    /// <summary>QEMU's own words for a full disk are "Error while writing VM state".</summary>
    private string HintOfSpace()
    {
        if (!File.Exists(Vm.Paths.Disk) || new DriveInfo(Vm.Paths.Folder).AvailableFreeSpace is var free && free > (Vm.State.MemoryBytes ?? 0))
        {
            return "";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $" There are {free / 1e6:0} MB free where its disk lies, and a snapshot needs up to {Vm.State.MemoryBytes / 1e6:0} MB for the guest's memory. Delete a snapshot, or make room.");
    }

    /// <summary>QEMU answers nothing meanwhile; what shows is how its file grows, beside what the snapshot before this one needed.</summary>
    private async Task ReportGrowthAsync(IProgress<double> progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Vm.Paths.Disk);
        var expected = Tree.There.Select(one => one.VmStateBytes).LastOrDefault(bytes => bytes > 0, (Vm.State.MemoryBytes ?? 0) / 4);
        if (!file.Exists || expected == 0)
        {
            return;
        }

        for (var atFirst = file.Length; !cancellationToken.IsCancellationRequested; file.Refresh())
        {
            progress.Report(0.2 + (0.7 * Math.Min(1, (file.Length - atFirst) / (double)expected)));
            await Task.Delay(GrowthPeriod, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What only QEMU knows of a snapshot that it has taken.</summary>
    private async Task<Snapshot> ReadTakenAsync(SnapshotStep step)
    {
        var disks = await CoveredDisks.ReadAsync(Vm, CancellationToken.None);
        return disks.Held.LastOrDefault(one => one.Tag == step.Tag) is { } held
            ? Completed(step, held)
            : throw new VmConflictException($"QEMU said that it took the snapshot {step.Tag}, and the disks of {Vm.State.Name} do not have it.");
    }

    private static Snapshot Completed(SnapshotStep step, HeldSnapshot held) =>
        step.Draft! with { TakenAt = held.TakenAt, VmClockNs = held.VmClockNs, VmStateBytes = held.VmStateBytes };

    private async Task<TimeSpan> MeasureAsync(Func<Task> work)
    {
        var began = _time.GetTimestamp();
        await work();
        return _time.GetElapsedTime(began);
    }

    [LoggerMessage(3504, LogLevel.Information, "{Vm}: its guest was not asked to let go of shares: {Reason}")]
    private partial void LogNoShares(string vm, string reason);
}
