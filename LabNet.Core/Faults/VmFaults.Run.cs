using System.Net.Sockets;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>The way of one fault: planned, prepared, in force, lifted.</summary>
public sealed partial class VmFaults
{
    /// <summary>
    /// So long before its time QEMU is looked at and the way back written down, so that neither makes the fault late: a disk that guests write
    /// to for all they can lets whoever wants something kept for good wait for hundreds of milliseconds. No whole number of seconds: people plan
    /// by those, and what is prepared would meet what comes.
    /// </summary>
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(1700);

    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryLongest = TimeSpan.FromSeconds(5);

    /// <summary>Whatever happens, the fault is forgotten only when nothing is left of it, or LabNet ends.</summary>
    private async Task OwnAsync(FaultRun run, Func<FaultRun, Task> way)
    {
        try
        {
            await way(run);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            run.Begun.TrySetCanceled();
            run.Ended.TrySetCanceled();
            run.Dispose();
            return;
        }
        catch (Exception e)
        {
            LogFault(e, Vm.State.Name, run.Fault.Id);
            await FinishAsync(run, run.Fault with { State = FaultState.Failed, Problem = e.Message });
        }

        Forget(run);
    }

    private async Task RunAsync(FaultRun run)
    {
        Sight sight;
        try
        {
            if (!await IsDueAsync(run))
            {
                await FinishAsync(run, run.Fault with { State = FaultState.Lifted, End = run.Why, LiftedAt = _time.GetUtcNow(), Evidence = "It never came into force." });
                return;
            }

            Vm.ClaimFault(Shown(run.Fault));
        }
        catch (Exception e) when (IsForeseen(e))
        {
            await FinishAsync(run, Failed(run.Fault, e));
            return;
        }

        try
        {
            sight = await run.Injector.InjectAsync(run.Fault, _stopping.Token);
        }
        catch (VmConflictException e)
        {
            await FinishAsync(run, Failed(run.Fault, e));
            return;
        }
        catch (Exception e) when (IsForeseen(e))
        {
            // Something of it may be in force.
            run.Begun.TrySetResult(Failed(run.Fault, e));
            var (_, end) = await LiftAtLastAsync(run);
            await FinishAsync(run, Failed(run.Fault, e) with { End = end });
            return;
        }

        var now = _time.GetUtcNow();
        var active = run.Fault with { State = FaultState.Active, StartedAt = now, EffectSeen = sight.EffectSeen, Evidence = sight.Evidence };
        if (active.Spec.IsMomentary)
        {
            await FinishAsync(run, active with { State = FaultState.Lifted, LiftedAt = now, End = FaultEnd.Time });
            return;
        }

        run.Fault = active;
        _feed.Publish(_source, new FaultChanged(active));
        run.Begun.TrySetResult(active);

        // The fault's time goes on meanwhile: it was written down already that it is to come.
        var keeping = KeepAsync(active);
        await StayAsync(run);
        var (evidence, why) = await LiftAtLastAsync(run);
        var lifted = Lifted(run.Fault, evidence, why);
        await keeping;
        await FinishAsync(run, lifted);
    }

    /// <summary>Goes on with a fault that an earlier LabNet wrote down.</summary>
    private async Task TakeOverAsync(FaultRun run)
    {
        var fault = run.Fault;
        if (fault.StartedAt is null && fault.PlannedAt > _time.GetUtcNow())
        {
            // QEMU may be another one by now; and whoever ran the plan that it belongs to is gone.
            run.Fault = fault with { IsPrepared = false };
            if (fault.Run is not null)
            {
                run.End(FaultEnd.Restarted);
            }

            await RunAsync(run);
            return;
        }

        if (!fault.IsPrepared)
        {
            await FinishAsync(run, fault with { State = FaultState.Failed, Problem = "LabNet was not there at its time." });
            return;
        }

        if (!IsGone(fault))
        {
            Vm.ShowFault(Shown(fault));
        }

        if (fault.StartedAt is null)
        {
            var (_, end) = await LiftAtLastAsync(run);
            const string Problem = "LabNet ended just when it was to come into force, and the next one lifted what there may have been of it.";
            await FinishAsync(run, fault with { State = FaultState.Failed, Problem = Problem, End = end, LiftedAt = _time.GetUtcNow() });
            return;
        }

        if (fault.Spec is VcpuPauseFault)
        {
            run.End(FaultEnd.Restarted);
        }

        await UntilThereAsync(run);
        await StayAsync(run);
        var (evidence, why) = await LiftAtLastAsync(run);
        await FinishAsync(run, Lifted(run.Fault, evidence, why));
    }

    private Fault Failed(Fault fault, Exception e) => fault with { State = FaultState.Failed, Problem = e.Message, LiftedAt = _time.GetUtcNow() };

    private Fault Lifted(Fault fault, string? evidence, FaultEnd why) => fault with
    {
        State = FaultState.Lifted,
        LiftedAt = _time.GetUtcNow(),
        End = why,
        Problem = null,
        Evidence = string.Join(' ', new[] { fault.Evidence, evidence }.Where(one => !string.IsNullOrEmpty(one))),
    };

    /// <summary>Waits for the fault's time, and prepares it shortly before.</summary>
    /// <returns>False if it is not to come any more, or failed.</returns>
    private async Task<bool> IsDueAsync(FaultRun run)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(run.Ending, _stopping.Token);
        try
        {
            if (!run.Fault.IsPrepared)
            {
                await FaultClock.UntilAsync(run.Fault.PlannedAt - Lead, _time, either.Token);
                await UntilOthersAreOverAsync(run.Fault, either.Token);
                await PrepareAsync(run, either.Token);
                await _store.SaveAsync(run.Fault, CancellationToken.None);
            }

            await FaultClock.UntilAsync(run.Fault.PlannedAt, _time, either.Token);
            await UntilOthersAreOverAsync(run.Fault, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>A fault that ends before this one begins is to be over first, where both hold the same: what it broke is not what was before.</summary>
    private async Task UntilOthersAreOverAsync(Fault fault, CancellationToken cancellationToken)
    {
        List<Task> before;
        lock (_sync)
        {
            var wanted = fault.Spec.Holds(Vm.State.Definition).ToHashSet(StringComparer.Ordinal);
            before = [.. _open.Values
                .Where(other => other.Fault.Id != fault.Id && other.Fault.EndsAt <= fault.PlannedAt && wanted.Overlaps(other.Fault.Spec.Holds(Vm.State.Definition)))
                .Select(other => other.Ended.Task)];
        }

        await Task.WhenAll(before).WaitAsync(cancellationToken);
    }

    private async Task PrepareAsync(FaultRun run, CancellationToken cancellationToken)
    {
        if (Vm.WhyNoFault is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }

        var before = await run.Injector.PrepareAsync(cancellationToken);
        run.Fault = run.Fault with { Before = before, IsPrepared = true, Process = Vm.Process?.Note ?? "" };
    }

    /// <summary>Until the fault's time is up, somebody wants it to end, or its QEMU is gone.</summary>
    private async Task StayAsync(FaultRun run)
    {
        if (IsGone(run.Fault))
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(run.Ending, _stopping.Token);
        var staying = KeepUpAsync(run, either.Token);
        try
        {
            await FaultClock.UntilAsync(run.Fault.EndsAt!.Value, _time, either.Token);
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            // It is to end now.
        }
        finally
        {
            await either.CancelAsync();
            await staying;
        }
    }

    private async Task KeepUpAsync(FaultRun run, CancellationToken cancellationToken)
    {
        var delay = RetryFirst;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await run.Injector.StayAsync(run.Fault, sight => See(run, sight), cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsForeseen(e))
            {
                See(run, new Sight(run.Fault.EffectSeen, e.Message));
                await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = Longer(delay);
            }
        }
    }

    private void See(FaultRun run, Sight sight)
    {
        var fault = run.Fault;
        if (sight != new Sight(fault.EffectSeen, fault.Evidence ?? ""))
        {
            run.Fault = fault with { EffectSeen = fault.EffectSeen || sight.EffectSeen, Evidence = sight.Evidence };
            _feed.Publish(_source, new FaultChanged(run.Fault, IsTold: false));
        }
    }

    /// <summary>Lifts, however often that has to be tried: a fault is over only when nothing is left of it, or its QEMU is gone.</summary>
    private async Task<(string? Evidence, FaultEnd Why)> LiftAtLastAsync(FaultRun run)
    {
        var delay = RetryFirst;
        while (true)
        {
            var outlives = run.Injector.OutlivesQemu(run.Fault);
            await (outlives ? Task.CompletedTask : UntilThereAsync(run));
            var isGone = IsGone(run.Fault);
            if (isGone && !outlives)
            {
                return ("The QEMU that had it is gone.", FaultEnd.VmGone);
            }

            try
            {
                return (await run.Injector.LiftAsync(run.Fault, _stopping.Token), isGone ? FaultEnd.VmGone : run.Why);
            }
            catch (QmpDisconnectedException) when (!_stopping.IsCancellationRequested)
            {
                // By the next turn the state says so, or QEMU is back.
            }
            catch (Exception e) when (IsForeseen(e))
            {
                run.Fault = run.Fault with { Problem = $"It could not be lifted yet: {e.Message}" };
                _feed.Publish(_source, new FaultChanged(run.Fault, IsTold: false));
                run.Trouble.TrySetResult(run.Fault.Problem);
            }

            await Task.Delay(delay, _time, _stopping.Token);
            delay = Longer(delay);
        }
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < RetryLongest ? delay * 2 : RetryLongest;

    /// <summary>Ends when QEMU can be asked, or is known to be gone.</summary>
    private Task UntilThereAsync(FaultRun run) => IsGone(run.Fault) || Vm.State.Connection is QmpLinkState.Connected
        ? Task.CompletedTask
        : Vm.WaitUntilAsync(state => state.Connection is QmpLinkState.Connected || IsGone(run.Fault), _stopping.Token);

    /// <summary>Whether another QEMU runs, or none; of an attached VM nobody can tell.</summary>
    private bool IsGone(Fault fault) => fault.Process.Length > 0 && fault.Process != Vm.Process?.Note;

    private async Task FinishAsync(FaultRun run, Fault fault)
    {
        Vm.ReleaseFault(fault.Id.Text);
        run.Fault = fault;
        _feed.Publish(_source, new FaultChanged(fault));
        run.Begun.TrySetResult(fault);
        run.Ended.TrySetResult(fault);
        await KeepAsync(fault);
    }

    private async Task KeepAsync(Fault fault)
    {
        try
        {
            await _store.SaveAsync(fault, CancellationToken.None);
        }
        catch (DatabaseException e)
        {
            // The next LabNet finds it open, and lifts it once more: that changes nothing.
            LogNotKept(Vm.State.Name, fault.Id, e.Message);
        }
    }

    private async Task WatchLoopAsync(FeedSubscription changes, CancellationToken cancellationToken)
    {
        using (changes)
        {
            try
            {
                await foreach (var record in changes.ReadAllAsync(cancellationToken))
                {
                    LookForGone();
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
        }
    }

    private void LookForGone()
    {
        List<FaultRun> gone;
        lock (_sync)
        {
            gone = [.. _open.Values.Where(run => run.Fault is { State: FaultState.Active } fault && (IsGone(fault) || IsUnplugged(fault)))];
        }

        gone.ForEach(run => run.End(FaultEnd.VmGone));
    }

    private bool IsUnplugged(Fault fault) => fault.Spec switch
    {
        BlockErrorFault { Device: var device } => Disk.IsUnplugged(Vm.State, device),
        BlockThrottleFault { Device: var device } => Disk.IsUnplugged(Vm.State, device),
        BlockLatencyFault { Device: var device } => Disk.IsUnplugged(Vm.State, device),
        _ => false,
    };

    private static FaultInForce Shown(Fault fault) => new(fault.Id.Text, fault.Spec.Kind, fault.Spec.Text, fault.EndsAt, fault.Spec.BarsSnapshots);

    /// <summary>What QEMU, the guest or the machine may answer.</summary>
    private static bool IsForeseen(Exception e) =>
        e is QmpException or VmConflictException or RspException or DatabaseException or HostException or IOException or SocketException or UnauthorizedAccessException;
}
