using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Faults;

/// <summary>A run that was begun, and the operation by which it can be followed and cancelled.</summary>
public sealed record ChaosRunBegun(ChaosRun Run, Operation Operation);

/// <summary>The lab's chaos plans and their runs: one run at a time.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class ChaosRuns(
    VmRegistry vms, FaultRegistry faults, ChaosStore store, OperationRegistry operations, AuditLog audit, LiveFeed feed, TimeProvider time, ILogger<ChaosRuns> logger)
    : IAsyncDisposable
{
    private readonly Lock _sync = new();
    private ChaosExecution? _execution;
    private ChaosJournal? _journal;
    private Operation? _operation;

    /// <summary>The run that goes on; null for none.</summary>
    public ChaosRun? Current
    {
        get
        {
            lock (_sync)
            {
                return _journal?.Run is { EndedAt: null } run ? run : null;
            }
        }
    }

    /// <summary>Closes what a LabNet that is gone has left open. After the faults are started.</summary>
    /// <exception cref="DatabaseException"/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var run in store.ReadOpen())
        {
            var lines = store.ReadJournal(run.Id, after: 0, int.MaxValue);
            var now = time.GetUtcNow();
            const string Why = "LabNet ended before the run did. Its faults are lifted when their time is up.";
            var ended = run with { EndedAt = now, Verdict = ChaosVerdict.Stopped, Reasons = [.. run.Reasons, Why] };
            var line = new ChaosLine(
                (lines.Count == 0 ? 0 : lines[^1].Number) + 1, now, run.BeganAt is { } began ? (now - began).TotalMilliseconds : null, ChaosStep.Ended, Vm: null, Fault: null, Check: null, Holds: false, LateMs: null, Why);
            await store.UpdateAsync(ended, [line], cancellationToken);
            feed.Publish(FeedSource.Lab, new ChaosRunChanged(ended, line));
            await LiftLeftAsync(run, cancellationToken);
        }
    }

    /// <summary>Reads a plan for this lab.</summary>
    public ChaosPlanReading Read(string text) => ChaosPlanFile.Read(text, vms.Lab);

    /// <summary>Keeps a plan, in place of the one of the same name.</summary>
    /// <exception cref="ArgumentException">The text is no plan for this lab.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task<KeptPlan> SaveAsync(string text, Actor actor, CancellationToken cancellationToken)
    {
        var plan = Parse(text);
        await AuthorizeAsync("chaos-plan", plan.Name, actor, cancellationToken);
        return await store.SavePlanAsync(new KeptPlan($"p-{OperationRegistry.NewId()}", plan.Name, text, time.GetUtcNow(), actor.Name), cancellationToken);
    }

    /// <summary>Deletes a plan; its runs stay.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task<bool> DeleteAsync(KeptPlan plan, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync("chaos-plan-delete", plan.Name, actor, cancellationToken);
        return await store.DeletePlanAsync(plan.Id, cancellationToken);
    }

    /// <summary>What the plan would do with its own seed, or with another.</summary>
    /// <exception cref="ArgumentException">The text is no plan for this lab.</exception>
    /// <exception cref="ChaosPlanException"/>
    public ChaosSchedule Schedule(string text, ulong? seed)
    {
        var plan = Parse(text);
        return ChaosSchedule.Of(plan with { Seed = seed ?? plan.Seed }, vms.Lab);
    }

    /// <summary>Begins a run.</summary>
    /// <param name="seed">Instead of the plan's own; null for that.</param>
    /// <param name="replays">A run whose schedule, and text, is done again; null for none.</param>
    /// <exception cref="ArgumentException">The plan, or the seed, is none.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">Another run goes on.</exception>
    /// <exception cref="ChaosPlanException">The plan makes no schedule for this lab.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task<ChaosRunBegun> BeginAsync(KeptPlan kept, ulong? seed, ChaosRun? replays, Actor actor, CancellationToken cancellationToken)
    {
        if (seed > ChaosPlan.SeedMax)
        {
            throw new ArgumentException($"seed: {seed} is not between 0 and {ChaosPlan.SeedMax}.", nameof(seed));
        }

        var (text, scheduleText) = replays is null ? (kept.Text, null) : store.FindText(replays.Id) is { } found ? (found.Plan, found.Schedule) : (kept.Text, (string?)null);
        var parsed = Parse(text);
        var plan = parsed with { Seed = replays?.Seed ?? seed ?? parsed.Seed };
        var schedule = scheduleText is null ? ChaosSchedule.Of(plan, vms.Lab) : ChaosSchedule.Read(scheduleText, vms.Lab);
        await AuthorizeAsync("chaos-run", string.Create(CultureInfo.InvariantCulture, $"{plan.Name}, seed {plan.Seed}, {schedule.Faults.Length} faults"), actor, cancellationToken);
        var run = new ChaosRun(
            $"r-{OperationRegistry.NewId()}", kept.Id, plan.Name, plan.Seed, schedule.Fingerprint, replays?.Id, actor.Name, time.GetUtcNow(), EndedAt: null, ChaosVerdict.Running, Reasons: [],
            new ChaosCounts(schedule.Faults.Length, 0, 0, 0, 0, 0, 0))
        {
            Duration = plan.Duration,
        };
        ChaosJournal journal;
        lock (_sync)
        {
            if (_journal?.Run is { EndedAt: null } other)
            {
                throw new VmConflictException($"A run of the plan {other.Name} goes on. Wait for its end, or stop it.");
            }

            journal = _journal = new ChaosJournal(run, store, feed, time);
            _execution = new ChaosExecution(plan, schedule, journal, vms, faults, feed, time, actor);
        }

        await KeepAsync(run, text, schedule, journal, cancellationToken);
        var execution = _execution;
        _operation = operations.Begin("chaos-run", vm: null, actor, (progress, ct) => RunAsync(execution, journal, progress, ct), plan.Name);
        return new ChaosRunBegun(run, _operation);
    }

    /// <summary>Asks the run that goes on to end; its faults are lifted first.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">This run does not go on.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task StopAsync(string run, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync("chaos-stop", run, actor, cancellationToken);
        lock (_sync)
        {
            if (_journal?.Run is not { EndedAt: null } current || current.Id != run)
            {
                throw new VmConflictException("This run does not go on.");
            }

            _execution!.Stop($"{actor.Name} stopped it.");
        }
    }

    /// <summary>A run that goes on is stopped, and its faults are lifted, when this ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_operation is { } operation)
        {
            operations.Cancel(operation.Id);
            await operations.WaitAsync(operation.Id, CancellationToken.None);
        }
    }

    private ChaosPlan Parse(string text)
    {
        var reading = Read(text);
        return reading.TryGetPlan(out var plan) ? plan : throw new ArgumentException(string.Join('\n', reading.Mistakes), nameof(text));
    }

    private async Task KeepAsync(ChaosRun run, string text, ChaosSchedule schedule, ChaosJournal journal, CancellationToken cancellationToken)
    {
        try
        {
            await store.AddAsync(run, text, schedule, cancellationToken);
        }
        catch
        {
            lock (_sync)
            {
                (_journal, _execution) = (null, null);
            }

            await journal.DisposeAsync();
            throw;
        }
    }

    private async Task RunAsync(ChaosExecution execution, ChaosJournal journal, IProgress<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            await execution.RunAsync(progress, cancellationToken);
        }
        catch (Exception e)
        {
            LogBroke(e, journal.Run.Id);
            await journal.TellAsync(
                run => run with { EndedAt = time.GetUtcNow(), Verdict = ChaosVerdict.Stopped, Reasons = [e.Message] }, ChaosStep.Ended, $"The run broke off: {e.Message}", holds: false);
            await LiftLeftAsync(journal.Run, CancellationToken.None);
        }
        finally
        {
            await journal.DisposeAsync();
            execution.Dispose();
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task LiftLeftAsync(ChaosRun run, CancellationToken cancellationToken)
    {
        foreach (var vm in vms.Vms)
        {
            var own = faults.Of(vm.State.Name);
            foreach (var fault in own.InForce.Where(fault => fault.Run == run.Id))
            {
                try
                {
                    await own.LiftAsync(fault.Id, FaultEnd.RunEnded, Actor.LabNet, cancellationToken);
                }
                catch (Exception e) when (e is VmConflictException or QmpException or DatabaseException)
                {
                    // Its own time lifts it.
                    LogNotLifted(fault.Id.Text, e.Message);
                }
            }
        }
    }

    private async Task AuthorizeAsync(string action, string detail, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            actor.Require(Role.Operator, action);
        }
        catch (ForbiddenException)
        {
            await audit.WriteAsync(actor, action, vm: null, detail, "forbidden", cancellationToken);
            throw;
        }

        await audit.WriteAsync(actor, action, vm: null, detail, "accepted", cancellationToken);
    }

    [LoggerMessage(4601, LogLevel.Error, "Chaos run {Run} broke off")]
    private partial void LogBroke(Exception exception, string run);

    [LoggerMessage(4602, LogLevel.Warning, "Fault {Fault} of a chaos run that ended could not be lifted now: {Reason}")]
    private partial void LogNotLifted(string fault, string reason);
}
