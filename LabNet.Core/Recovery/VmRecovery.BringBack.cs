using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>Bringing a VM back: once, or again, until it runs, the budget is used up or somebody else has done it.</summary>
public sealed partial class VmRecovery
{
    /// <summary>What was under way when QEMU went learns of that soon.</summary>
    private static readonly TimeSpan OthersPatience = TimeSpan.FromSeconds(10);

    private async Task RecoverAsync(
        CrashSign sign, IncidentJournal journal, RecoveryPolicy policy, bool isNew, IProgress<double> progress, CancellationToken cancelled)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancelled, _stopping.Token);
        try
        {
            var others = LetOthersEndAsync(either.Token);
            await KeepAsync(sign, journal, policy, isNew, isOver: null, either.Token);
            await others;
            progress.Report(0.3);
            await BringBackAsync(sign, journal, policy, progress, either.Token);
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            await journal.EndAsync(IncidentOutcome.Cancelled, "Bringing it back was cancelled.");
            NoteEndOf(journal.Incident);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException && journal.Incident.IsOpen)
        {
            await EndAsync(journal, IncidentOutcome.Failed, $"It could not be brought back: {e.Message}");
            throw;
        }
    }

    /// <summary>A snapshot that was being taken, say: its tree has to be true before one is chosen from it.</summary>
    private async Task LetOthersEndAsync(CancellationToken cancellationToken)
    {
        var others = _operations.RunningOf(Vm.State.Name).Where(one => one.Kind != OperationKind).Select(one => _operations.WaitAsync(one.Id, cancellationToken));
        Task ended = Task.WhenAll(others);
        await ended.WaitAsync(OthersPatience, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (_snapshots.Tree.Step is not null)
        {
            await _snapshots.ReadAsync(cancellationToken);
        }
    }

    private async Task BringBackAsync(CrashSign sign, IncidentJournal journal, RecoveryPolicy policy, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var failed = new HashSet<SnapshotId>();
        for (var isStillSo = sign.IsStillSo; ; isStillSo = state => IsDown(state) || sign.IsStillSo(state))
        {
            if (!isStillSo(Vm.State))
            {
                await EndSupersededAsync(journal);
                return;
            }

            if (await SpendAsync(policy, cancellationToken) is not { } wait)
            {
                await EndAsync(journal, IncidentOutcome.BreakerOpen, $"It is left as it is: {Standing.Breaker.WhyOpen} Setting its policy again, or starting it, closes the breaker.");
                return;
            }

            if (wait > TimeSpan.Zero)
            {
                journal.Note($"Waits {wait.TotalSeconds:0} s, because it was brought back a short while ago.");
                if (!await StaysSoAsync(isStillSo, wait, cancellationToken))
                {
                    await EndSupersededAsync(journal);
                    return;
                }
            }

            using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var following = FollowAsync(new ComeBack(WasDown: Vm.State.RunState != RunState.Running), done.Token);
            try
            {
                var how = await AttemptAsync(policy, failed, journal, progress, cancellationToken);
                progress.Report(0.8);
                await FinishAsync(journal, how, following, done, cancellationToken);
                return;
            }
            catch (Exception e) when (e is VmConflictException or HostException or QmpException)
            {
                journal.Note($"That failed: {e.Message}");
            }
            finally
            {
                await done.CancelAsync();
                await following;
            }
        }
    }

    /// <summary>What an attempt that failed can leave.</summary>
    private static bool IsDown(VmState state) =>
        state.Process is VmProcessState.Exited or VmProcessState.Off || state.RunState == RunState.RestoreVm || CrashKinds.Of(state.RunState) is not null;

    /// <returns>How long to wait first; null if the breaker is open.</returns>
    private async Task<TimeSpan?> SpendAsync(RecoveryPolicy policy, CancellationToken cancellationToken)
    {
        TimeSpan? wait = null;
        await KeepAsync(
            standing =>
            {
                (var next, wait) = standing.Breaker.Ask(policy, _time.GetUtcNow());
                return standing with { Breaker = next };
            },
            cancellationToken);
        return wait;
    }

    private async Task<bool> StaysSoAsync(Func<VmState, bool> isSo, TimeSpan time, CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(time, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        try
        {
            await Vm.WaitUntilAsync(state => !isSo(state), either.Token);
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <returns>What was done, as the beginning of a sentence.</returns>
    /// <exception cref="VmConflictException">It did not work.</exception>
    /// <exception cref="HostException"/>
    /// <exception cref="QmpException"/>
    private async Task<string> AttemptAsync(
        RecoveryPolicy policy, HashSet<SnapshotId> failed, IncidentJournal journal, IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (Choose(policy, failed) is { } snapshot)
        {
            journal.Note($"Restores the snapshot “{snapshot.Name}”.");
            failed.Add(snapshot.Id);
            await RunAsync(await _snapshots.BeginRestoreAsync(snapshot, snapshotFirst: false, liftFaults: true, Actor, cancellationToken), cancellationToken);
            return $"The snapshot “{snapshot.Name}” was restored";
        }

        journal.Note(policy.Action == RecoveryAction.Restart ? "Starts QEMU anew." : "Starts QEMU anew: there is no snapshot in its line that can be restored.");
        if (Vm.State.Process is VmProcessState.Exited or VmProcessState.Off)
        {
            await RunAsync(await Vm.BeginAsync(VmAction.Start, Actor, cancellationToken), cancellationToken);
        }
        else
        {
            await Vm.ChangeDevicesAsync(() => Vm.StartFromAsync(from: null, progress, cancellationToken), cancellationToken);
        }

        return "QEMU was started anew";
    }

    /// <param name="failed">Those that QEMU did not take just now; one that is named is tried again all the same.</param>
    /// <returns>Null to boot.</returns>
    /// <exception cref="VmConflictException">The one that is named is not there.</exception>
    private Snapshot? Choose(RecoveryPolicy policy, HashSet<SnapshotId> failed)
    {
        var tree = _snapshots.Tree;
        return policy.Action switch
        {
            RecoveryAction.RestoreLast => (tree.Head is { } head ? tree.LineOf(head) : []).FirstOrDefault(one => !failed.Contains(one.Id) && _snapshots.WhyNotLoadable(one) is null),
            RecoveryAction.Restore => tree.FindByWord(policy.Snapshot!) ?? throw new VmConflictException($"There is no snapshot “{policy.Snapshot}” any more."),
            _ => null,
        };
    }

    /// <summary>An operation of our own, to its end; who cancels this one cancels that.</summary>
    private async Task RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        await using var cancelling = cancellationToken.Register(() => _operations.Cancel(operation.Id));
        var ended = await _operations.WaitAsync(operation.Id, CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        if (ended?.State != OperationState.Succeeded)
        {
            throw new VmConflictException(ended?.Error ?? "It was cancelled.");
        }
    }
}
