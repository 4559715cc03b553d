using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>From a crash to its incident.</summary>
public sealed partial class VmRecovery
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>The newest incident of the LabNet before this one, while the VM still stands as that left it.</summary>
    private Incident? _left;

    private async Task HandleLoopAsync(Incident? left, CancellationToken cancellationToken)
    {
        if (left is not null)
        {
            await GuardAsync(() => ContinueAsync(left, cancellationToken), cancellationToken);
        }

        await foreach (var sign in _signs.Reader.ReadAllAsync(cancellationToken))
        {
            await GuardAsync(() => HandleAsync(sign, resumed: null, cancellationToken), cancellationToken);
        }
    }

    /// <summary>A fault of LabNet's own is told in the log, and the next crash is dealt with. While lab.db cannot be written nothing is done, as for anybody.</summary>
    private async Task GuardAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (DatabaseException e)
            {
                LogNotKept(Vm.State.Name, e.Message);
                await Task.Delay(RetryPause, _time, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogFault(e, Vm.State.Name);
                return;
            }
        }
    }

    /// <summary>An incident of an earlier LabNet: the VM may still stand as it crashed, or that LabNet ended in the middle of bringing it back.</summary>
    private async Task ContinueAsync(Incident left, CancellationToken cancellationToken)
    {
        var state = await Vm.WaitUntilAsync(one => one.RunState is not null || one.Process is VmProcessState.Off or VmProcessState.Exited, cancellationToken);
        if (state.Process is VmProcessState.Exited { Expected: false } || CrashKinds.Of(state.RunState) is not null)
        {
            // It comes as a sign of its own.
            _left = left;
            return;
        }

        if (!left.IsOpen)
        {
            return;
        }

        switch (state.Process)
        {
            case VmProcessState.Off:
                await HandleAsync(new CrashSign(left.Kind, left.At, left.Seen), left, cancellationToken);
                break;
            case VmProcessState.Exited:
                await Journal(left).EndAsync(IncidentOutcome.Superseded, "LabNet ended before it was brought back, and meanwhile it was ended.");
                break;
            default:
                await FinishAsync(Journal(left), "LabNet ended while it was brought back", new ComeBack(WasDown: true).See(state, _time.GetUtcNow()), cancellationToken);
                break;
        }
    }

    /// <summary>The end of its QEMU is dealt with, for the LabNet after this one too. One whose guest died is there still, and may end yet.</summary>
    private void NoteEndOf(Incident incident)
    {
        if (incident.Kind.IsOfQemu() && incident.Process is { } process)
        {
            Vm.NoteEnd(process);
        }
    }

    private IncidentJournal Journal(Incident incident) => new(incident, _store, _feed, _time);

    /// <param name="resumed">The incident of an earlier LabNet that this is; null if that is still to be seen.</param>
    private async Task HandleAsync(CrashSign sign, Incident? resumed, CancellationToken cancellationToken)
    {
        var process = Vm.State.Definition is StartedVm ? QemuProcess.ReadFrom(Vm.Paths)?.Note : null;
        if (Interlocked.Exchange(ref _left, null) is { } left && left.Process == process && left.Kind == sign.Kind && left.Outcome != IncidentOutcome.Recovered)
        {
            if (!left.IsOpen)
            {
                // Told by the LabNet before this one, and left standing.
                NoteEndOf(left);
                return;
            }

            resumed = left;
        }

        var policy = Standing.Policy;
        var times = new IncidentTimes(Math.Max(0, (_time.GetUtcNow() - sign.At).TotalMilliseconds));
        var journal = Journal(resumed ?? new Incident(
            Incident.NewId(), Vm.State.Name, sign.Kind, sign.At, sign.Seen, policy.Text, [], IncidentOutcome.Recovering, Told: "", times)
        {
            Process = process,
        });
        if (policy.Action == RecoveryAction.None || WhyOnlyNone is not null)
        {
            await KeepAsync(sign, journal, policy, isNew: resumed is null, (IncidentOutcome.Left, "It is left as it is, as its policy says."), cancellationToken);
            NoteEndOf(journal.Incident);
            return;
        }

        var operation = await Vm.BeginAsync(
            OperationKind,
            $"{sign.Kind.Word()}, {policy.Text}",
            Role.Operator,
            Actor,
            (progress, cancelled) => RecoverAsync(sign, journal, policy, isNew: resumed is null, progress, cancelled),
            cancellationToken);
        journal.Tell(incident => incident with { Operation = operation.Id });
        await _operations.WaitAsync(operation.Id, cancellationToken);
    }

    /// <summary>Keeps what is known, before anything is done about it.</summary>
    private async Task KeepAsync(
        CrashSign sign, IncidentJournal journal, RecoveryPolicy policy, bool isNew, (IncidentOutcome, string)? isOver, CancellationToken cancellationToken)
    {
        if (!isNew)
        {
            if (isOver is (var outcome, var told))
            {
                await journal.EndAsync(outcome, told);
            }

            return;
        }

        var evidence = await _evidence.ReadAsync(Vm, sign, policy, _snapshots.Tree, cancellationToken);
        await journal.BeginAsync(evidence, isOver, cancellationToken);
        if (policy.MemoryDump && !sign.Kind.IsOfQemu() && sign.IsStillSo(Vm.State))
        {
            await DumpAsync(journal, cancellationToken);
        }
    }

    private async Task DumpAsync(IncidentJournal journal, CancellationToken cancellationToken)
    {
        var (bytes, whyNot) = await MemoryDumps.TakeAsync(Vm, journal.Incident.Id, _time, cancellationToken);
        journal.Tell(incident => incident with { DumpBytes = bytes });
        journal.Note(whyNot is null ? $"The guest's memory was written to {MemoryDumps.PathOf(Vm, journal.Incident.Id)}." : $"The guest's memory was not written: {whyNot}");
        await _store.UpdateAsync(journal.Incident, cancellationToken);
    }
}
