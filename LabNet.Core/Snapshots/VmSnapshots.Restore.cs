using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>
/// Bringing a machine back. In the QEMU that runs where its devices are those of the snapshot; else in a new one that begins with them, because
/// QEMU loads no state of a device that it does not have.
/// </summary>
public sealed partial class VmSnapshots
{
    private static readonly TimeSpan DebtPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DebtPause = TimeSpan.FromMilliseconds(200);
    private const int RefusalsMax = 3;
    private static readonly ImmutableSortedDictionary<string, string> NoProperties = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Begins to restore a snapshot, which is refused while there are faults that bar it.</summary>
    /// <inheritdoc cref="BeginRestoreAsync(Snapshot, bool, bool, Actor, CancellationToken)"/>
    public Task<Operation> BeginRestoreAsync(Snapshot snapshot, bool snapshotFirst, Actor actor, CancellationToken cancellationToken) =>
        BeginRestoreAsync(snapshot, snapshotFirst, liftFaults: false, actor, cancellationToken);

    /// <summary>Begins to restore a snapshot. It is done when the guest runs there, with its clock set and its shares mounted; a guest that was paused stays so.</summary>
    /// <param name="snapshotFirst">Whether what is now is kept as a snapshot of its own before. Without it nothing brings it back, also where the restore fails.</param>
    /// <param name="liftFaults">Whether faults that bar it are lifted first; else it is refused while there are any.</param>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">The snapshot is not there, cannot be loaded here, or something is under way; nothing was touched.</exception>
    /// <exception cref="QmpException"/>
    public async Task<Operation> BeginRestoreAsync(Snapshot snapshot, bool snapshotFirst, bool liftFaults, Actor actor, CancellationToken cancellationToken)
    {
        ThrowUnlessLoadable(snapshot);
        await FaultsLiftedAsync(liftFaults, actor, cancellationToken);
        if (Vm.State.IsThere && snapshotFirst)
        {
            ThrowUnlessCovered(await CoveredDisks.ReadAsync(Vm, cancellationToken));
        }

        return await BeginAsync(
            "restore",
            snapshot.Name,
            $"Snapshot “{snapshot.Name}” is being restored",
            actor,
            (progress, ct) => RestoreAsync(snapshot, snapshotFirst, actor.Name, progress, ct),
            cancellationToken);
    }

    /// <summary>Why the snapshot cannot be restored in this VM as it is; null if it can.</summary>
    public string? WhyNotLoadable(Snapshot snapshot)
    {
        var state = Vm.State;
        return !snapshot.IsThere ? $"Snapshot “{snapshot.Name}” is not there any more."
            : snapshot.VmStateBytes == 0 ? $"Snapshot “{snapshot.Name}” has the disk alone and no machine. qemu-img snapshot -a {snapshot.Tag} brings the disk back while the VM is off."
            : state.Definition is AttachedVm && !state.IsThere ? $"LabNet did not start {state.Name}, so it cannot start it from a snapshot. Start it, then restore."
            : state.Definition is AttachedVm && Differences(snapshot) is { } different ? $"{different} LabNet did not start {state.Name}, so it cannot start it anew with what it had."
            : snapshot.Machine?.Plugged.FirstOrDefault(device => device.File is { } file && !File.Exists(file)) is { } lost ? $"The disk {lost.Id} had been plugged in when “{snapshot.Name}” was taken, and its file {lost.File} is gone."
            : state.Definition.Architecture == Architecture.Aarch64 && snapshot.Machine?.QemuVersion is { } taken && state.QemuVersion is { } now && taken != now
                ? $"“{snapshot.Name}” was taken by QEMU {taken}, this is QEMU {now}, and an aarch64 machine loads in no other version."
            : null;
    }

    private void ThrowUnlessLoadable(Snapshot snapshot)
    {
        if (WhyNotLoadable(snapshot) is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }
    }

    /// <summary>What the machine has otherwise than at the snapshot, in words; null for nothing.</summary>
    public string? Differences(Snapshot snapshot)
    {
        if (snapshot.Machine is not { } then || !Vm.State.IsThere)
        {
            return null;
        }

        var now = Vm.State.Plugged;
        var missing = then.Plugged.Where(device => !now.Any(one => IsSame(one, device))).Select(device => device.Id).ToList();
        var extra = now.Where(device => !then.Plugged.Any(one => IsSame(one, device))).Select(device => device.Id).ToList();
        return (missing, extra) switch
        {
            ([], []) => null,
            (_, []) => $"{string.Join(", ", missing)} was plugged in then and is not now.",
            ([], _) => $"{string.Join(", ", extra)} is plugged in now and was not then.",
            _ => $"{string.Join(", ", missing)} was plugged in then and is not now, {string.Join(", ", extra)} is now and was not then.",
        };

        static bool IsSame(PluggedDevice one, PluggedDevice other) =>
            (one.Id, one.Kind, one.Port, one.File, one.Mac, one.Tap) == (other.Id, other.Kind, other.Port, other.File, other.Mac, other.Tap)
            && (one.Properties ?? NoProperties).SequenceEqual(other.Properties ?? NoProperties);
    }

    private async Task RestoreAsync(Snapshot snapshot, bool snapshotFirst, string actor, IProgress<double> progress, CancellationToken cancellationToken)
    {
        ThrowUnlessLoadable(Tree.Find(snapshot.Id) ?? snapshot with { Standing = SnapshotStanding.Gone });
        var began = _time.GetTimestamp();
        var before = snapshotFirst && Vm.State.IsThere ? await SaveAsync(NameBefore(snapshot), note: "Taken by LabNet before a restore.", actor, progress: null, cancellationToken) : null;
        progress.Report(0.4);
        cancellationToken.ThrowIfCancellationRequested();

        var step = new SnapshotStep(SnapshotStepKind.Load, snapshot.Id, snapshot.Tag, WasRunning: Vm.State.RunState != RunState.Paused, _time.GetUtcNow());
        await ChangeAsync(tree => tree.Begin(step));
        var anew = !Vm.State.IsThere || Differences(snapshot) is not null;
        var loaded = await MeasureAsync(() => anew ? LoadAnewAsync(step, snapshot, before, progress) : LoadAsync(step, before));
        await LearnAsync(tree => tree.Loaded(snapshot.Id));
        progress.Report(0.8);

        // With a new QEMU came a new connection already.
        var guest = await MeasureAsync(() => PayDebtAsync(meetAnew: !anew, cancellationToken));
        var told = string.Create(
            CultureInfo.InvariantCulture, $"Snapshot “{snapshot.Name}” was restored{(anew ? " in a new QEMU" : "")}, in {_time.GetElapsedTime(began).TotalSeconds:0.0} s (QEMU took {loaded.TotalSeconds:0.00} s of them).");
        Tell("restored", told, new SnapshotTimes(TimeSpan.Zero, guest, loaded, _time.GetElapsedTime(began)));
    }

    private string NameBefore(Snapshot snapshot)
    {
        var name = $"before {snapshot.Name}";
        name = name.Length > SnapshotTag.NameLengthMax ? name[..SnapshotTag.NameLengthMax] : name;
        return Enumerable.Range(1, Tree.Snapshots.Length + 1).Select(number => number == 1 ? name : $"{name} ({number})").First(one => Tree.There.All(other => other.Name != one));
    }

    private async Task LoadAsync(SnapshotStep step, Snapshot? before)
    {
        var disks = await CoveredDisks.ReadAsync(Vm, CancellationToken.None);
        var error = await RunJobAsync(SnapshotCommands.Load, new SnapshotArguments(step.JobId, step.Tag, disks.Nodes[0], [.. disks.Nodes]), step.JobId);
        if (error is not null)
        {
            await GoBackAsync(step, before);
            throw new VmConflictException(before is not null
                ? $"QEMU could not load the snapshot, and {Vm.State.Name} is where it was before: {error}"
                : $"QEMU could not load the snapshot: {error} Nothing was kept before, so {Vm.State.Name} goes on with what the load left of it, if it can.");
        }

        // A guest that had died, or was stopped for an error, is to live again; QEMU runs only one that ran.
        if (step.WasRunning && Vm.State.RunState != RunState.Running)
        {
            await Vm.SetRunningAsync(running: true, CancellationToken.None);
        }
    }

    /// <summary>
    /// A load that fails leaves the VM in the state <c>restore-vm</c>. Nobody can tell by the error how far it came: a machine that is half another
    /// one ends QEMU when it goes on, so what was there before is loaded where it was kept.
    /// </summary>
    private async Task GoBackAsync(SnapshotStep step, Snapshot? before)
    {
        await LearnAsync(tree => tree.GiveUpLoad());
        if (before is not null)
        {
            var disks = await CoveredDisks.ReadAsync(Vm, CancellationToken.None);
            var job = $"labnet-back-{before.Id}";
            if (await RunJobAsync(SnapshotCommands.Load, new SnapshotArguments(job, before.Tag, disks.Nodes[0], [.. disks.Nodes]), job) is { } error)
            {
                throw new VmConflictException($"QEMU could load neither the snapshot nor “{before.Name}”: {error} Stop {Vm.State.Name}, then restore “{before.Name}”: that starts it anew.");
            }

            await LearnAsync(tree => tree.Loaded(before.Id));
        }

        if (step.WasRunning)
        {
            await Vm.SetRunningAsync(running: true, CancellationToken.None);
        }

        await PayDebtAsync(meetAnew: true, CancellationToken.None);
    }

    private async Task LoadAnewAsync(SnapshotStep step, Snapshot snapshot, Snapshot? before, IProgress<double> progress)
    {
        var wasThere = Vm.State.IsThere;
        try
        {
            await Vm.StartFromAsync(PointOf(snapshot, paused: wasThere && !step.WasRunning), progress, CancellationToken.None);
        }
        catch (Hosts.HostException e)
        {
            await LearnAsync(tree => tree.GiveUp());
            if (before is null)
            {
                throw new VmConflictException($"QEMU could not start from the snapshot, and {Vm.State.Name} is off: {e.Message}");
            }

            await Vm.StartFromAsync(PointOf(before, paused: !step.WasRunning), progress, CancellationToken.None);
            await LearnAsync(tree => tree.Loaded(before.Id));
            await PayDebtAsync(meetAnew: false, CancellationToken.None);
            throw new VmConflictException($"QEMU could not start from the snapshot, and {Vm.State.Name} is where it was before: {e.Message}");
        }
    }

    /// <summary>What a QEMU that is to go on from the snapshot has to be started with.</summary>
    public static StartPoint PointOf(Snapshot snapshot, bool paused = false) => new(snapshot.Tag, snapshot.Machine?.Plugged ?? ImmutableArray<PluggedDevice>.Empty, paused);

    /// <summary>Gives the guest what it lacks, as far as it answers; what it does not get now it gets when it does.</summary>
    /// <param name="meetAnew">Whether the guest is another one than the agent's connection knows.</param>
    private async Task PayDebtAsync(bool meetAnew, CancellationToken cancellationToken)
    {
        var (began, refusals) = (_time.GetTimestamp(), 0);
        while (Tree.Debt != GuestDebt.None && Vm.State.RunState == RunState.Running)
        {
            try
            {
                if (meetAnew)
                {
                    await Vm.MeetGuestAnewAsync(cancellationToken);
                    meetAnew = false;
                }

                await GuestShares.MountAsync(Vm, Tree.Debt.HasFlag(GuestDebt.Clock) ? _time.GetUtcNow() : null, cancellationToken);
                await LearnAsync(tree => tree.Owe(GuestDebt.None));
                Vm.LookAtGuest();
                return;
            }
            catch (GuestAgentCommandException) when (++refusals < RefusalsMax)
            {
                // A guest that was brought back while it was asked knows nothing of the program that it had begun, and answers what the one before was asked.
                meetAnew = true;
            }
            catch (GuestAgentCommandException e)
            {
                // A guest without a shell, or whose agent may start no programs: its clock the agent may set all the same.
                await SetTimeByAgentAsync(cancellationToken);
                await LearnAsync(tree => tree.Owe(GuestDebt.None));
                Tell("guest-refused", $"After a snapshot the guest could not be given its shares: {e.Message}");
                return;
            }
            catch (Exception e) when (e is GuestAgentException or VmConflictException)
            {
                if (_time.GetElapsedTime(began) >= DebtPatience)
                {
                    LogNotPaid(Vm.State.Name.ToString(), e.Message);
                    return;
                }

                await Task.Delay(DebtPause, _time, cancellationToken);
            }
        }
    }

    private async Task SetTimeByAgentAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Vm.SetGuestTimeAsync(cancellationToken);
        }
        catch (GuestAgentException e)
        {
            LogNotPaid(Vm.State.Name.ToString(), e.Message);
        }
    }

    [Microsoft.Extensions.Logging.LoggerMessage(3505, Microsoft.Extensions.Logging.LogLevel.Warning, "{Vm}: its guest could not be given its time and its shares yet: {Reason}")]
    private partial void LogNotPaid(string vm, string reason);
}
