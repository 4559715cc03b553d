using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>One run of a plan, from the checks before it to its verdict.</summary>
internal sealed partial class ChaosExecution(
    ChaosPlan plan, ChaosSchedule schedule, ChaosJournal journal, VmRegistry vms, FaultRegistry faults, LiveFeed feed, TimeProvider time, Actor actor)
    : IDisposable
{
    /// <summary>A fault is handed over so long before its time: writing it down must not make it late. Less than what the schedule leaves between two that hold the same.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(200);

    /// <summary>From the decision to begin to the plan's zero.</summary>
    private static readonly TimeSpan RunUp = TimeSpan.FromMilliseconds(500);

    /// <summary>A lift is tried again by whoever holds the fault; a run does not wait for it for ever.</summary>
    private static readonly TimeSpan LiftPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<string> _reasons = [];
    private readonly CancellationTokenSource _stopping = new();
    private string? _stopped;
    private int _failedChecks;

    private string RunId => journal.Run.Id;

    /// <summary>Asks the run to end; its faults are lifted first.</summary>
    /// <param name="why">In a sentence.</param>
    public void Stop(string why)
    {
        if (Interlocked.CompareExchange(ref _stopped, why, comparand: null) is null)
        {
            _stopping.Cancel();
        }
    }

    /// <summary>Ends when all faults are lifted, and the verdict stands in the journal.</summary>
    /// <param name="progress">0 to 1, by the plan's time.</param>
    /// <param name="cancellationToken">Stops the run, as a person would.</param>
    public async Task RunAsync(IProgress<double> progress, CancellationToken cancellationToken)
    {
        using var cancelled = cancellationToken.Register(() => Stop("It was cancelled."));
        await using var checks = new SteadyChecks(plan, vms, time);
        await journal.TellAsync(run => run, ChaosStep.Began, string.Create(
            CultureInfo.InvariantCulture, $"Plan {plan.Name} began with seed {plan.Seed}: {schedule.Faults.Length} faults in {plan.Duration.TotalSeconds:0.###} s{(schedule.LeftOut > 0 ? $"; {schedule.LeftOut} more found no place" : "")}."));
        if (await CheckBeforeAsync(checks))
        {
            await CarryOutAsync(checks, progress);
            if (_stopped is null)
            {
                await CheckAfterAsync(checks);
            }
        }

        await EndAsync();
    }

    /// <summary>After <see cref="RunAsync"/>.</summary>
    public void Dispose() => _stopping.Dispose();

    private async Task<bool> CheckBeforeAsync(SteadyChecks checks)
    {
        var held = await Task.WhenAll(plan.Checks.Where(check => check.When.HasFlag(CheckTime.Before)).Select(async check =>
        {
            var results = await TryCheckAsync(checks, check);
            await TellAsync(check, results);
            return results.All(result => result.Holds);
        }));
        if (held.All(one => one) && _stopped is null)
        {
            return true;
        }

        _reasons.Add("What has to hold did not hold before the first fault, so none came.");
        return false;
    }

    private async Task CarryOutAsync(SteadyChecks checks, IProgress<double> progress)
    {
        using var changes = feed.Subscribe(record => record.Item is FaultChanged changed && changed.Fault.Run == RunId);
        var began = time.GetUtcNow() + RunUp;
        await journal.TellAsync(run => run with { BeganAt = began }, ChaosStep.Planned, $"The schedule's fingerprint is {schedule.Fingerprint}.");
        var watching = Task.Run(() => WatchFaultsAsync(changes, began), CancellationToken.None);
        using var over = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, _stopping.Token);
        var around = Task.WhenAll(
            [WatchVmsAsync(either.Token), ReportAsync(progress, began, either.Token), .. plan.Checks.Where(check => check.When.HasFlag(CheckTime.During)).Select(check => CheckDuringAsync(checks, check, began, either.Token))]);
        var injecting = new List<Task>();
        foreach (var fault in schedule.Faults)
        {
            if (!await WaitUntilAsync(began + TimeSpan.FromMilliseconds(fault.AtMs) - Ahead))
            {
                break;
            }

            injecting.Add(InjectAsync(fault, began + TimeSpan.FromMilliseconds(fault.AtMs)));
            injecting.RemoveAll(task => task.IsCompletedSuccessfully);
        }

        await Task.WhenAll(injecting);
        await WaitUntilAsync(began + plan.Duration);
        await over.CancelAsync();
        await around;
        await LiftAllAsync();
        changes.Dispose();
        await watching;
    }

    private async Task InjectAsync(ScheduledFault scheduled, DateTimeOffset at)
    {
        try
        {
            var fault = await faults.Of(scheduled.Vm).InjectAsync(scheduled.Spec, TimeSpan.FromMilliseconds(scheduled.DurationMs), at, RunId, actor, CancellationToken.None);
            if (fault.State == FaultState.Failed)
            {
                await MissAsync(scheduled, fault.Problem ?? "It failed.");
            }
        }
        catch (Exception e) when (e is VmConflictException or QmpException or DatabaseException or ArgumentException)
        {
            await MissAsync(scheduled, e.Message);
        }
    }

    private async Task MissAsync(ScheduledFault scheduled, string why)
    {
        _reasons.Add($"Fault {scheduled.Number} ({scheduled.Name} on {scheduled.Vm}) did not come: {why}");
        await journal.TellAsync(run => run with { Counts = run.Counts with { Missed = run.Counts.Missed + 1 } }, ChaosStep.Missed, $"{scheduled.Spec.Text}: {why}", scheduled.Vm, scheduled.Number, holds: false);
    }

    /// <summary>What the faults' own records tell, also of those that end while the run waits for something else.</summary>
    private async Task WatchFaultsAsync(FeedSubscription changes, DateTimeOffset began)
    {
        var numbers = schedule.Faults.GroupBy(fault => (fault.Vm, fault.AtMs, fault.Spec), fault => fault.Number).ToDictionary(same => same.Key, same => new Queue<int>(same));
        var known = new Dictionary<FaultId, (int Number, FaultState State, bool Seen)>();
        await foreach (var record in changes.ReadAllAsync(CancellationToken.None))
        {
            if (record.Item is not FaultChanged { Fault: var fault })
            {
                continue;
            }

            var before = known.GetValueOrDefault(fault.Id);
            var number = before.Number != 0 ? before.Number : numbers[(fault.Vm, (long)Math.Round((fault.PlannedAt - began).TotalMilliseconds), fault.Spec)].Dequeue();
            known[fault.Id] = (number, fault.State, fault.EffectSeen);
            await TellAsync(fault, number, before);
        }
    }

    private async Task TellAsync(Fault fault, int number, (int Number, FaultState State, bool Seen) before)
    {
        var isNew = before.Number == 0 || before.State == FaultState.Planned;
        if (fault.StartedAt is { } started && isNew)
        {
            await journal.TellAsync(
                run => run with { Counts = run.Counts with { InForce = run.Counts.InForce + 1 } }, ChaosStep.InForce, $"{fault.Spec.Text}.", fault.Vm, number, lateMs: Late(started, fault.PlannedAt));
        }

        if (fault.EffectSeen && !before.Seen)
        {
            await journal.TellAsync(run => run with { Counts = run.Counts with { Seen = run.Counts.Seen + 1 } }, ChaosStep.Seen, fault.Evidence ?? "Its effect was seen.", fault.Vm, number, holds: true);
        }

        if (fault.State == FaultState.Lifted && before.State != FaultState.Lifted)
        {
            await journal.TellAsync(
                run => run with { Counts = run.Counts with { Lifted = run.Counts.Lifted + 1 } },
                ChaosStep.Lifted,
                $"{fault.Spec.Text}: over ({fault.End?.Word()}).{(fault.EffectSeen ? "" : $" {fault.Evidence}")}",
                fault.Vm,
                number,
                lateMs: fault is { End: FaultEnd.Time, LiftedAt: { } lifted, EndsAt: { } ends } ? Late(lifted, ends) : null);
        }
    }

    private static double Late(DateTimeOffset happened, DateTimeOffset planned) => Math.Round((happened - planned).TotalMilliseconds, 1);

    /// <summary>All that is left of the run's faults goes now; of one that cannot be lifted the verdict tells.</summary>
    private async Task LiftAllAsync()
    {
        using var patience = new CancellationTokenSource(LiftPatience, time);
        await Task.WhenAll(vms.Vms.Select(async vm =>
        {
            var own = faults.Of(vm.State.Name);
            foreach (var fault in own.InForce.Where(fault => fault.Run == RunId))
            {
                try
                {
                    await own.LiftAsync(fault.Id, _stopped is null && fault.EndsAt <= time.GetUtcNow() ? FaultEnd.Time : FaultEnd.RunEnded, actor, patience.Token);
                }
                catch (Exception e) when (e is VmConflictException or QmpException or DatabaseException or OperationCanceledException)
                {
                    _reasons.Add($"A fault of {vm.State.Name} ({fault.Spec.Text}) could not be lifted when the run ended: {e.Message}");
                }
            }
        }));
    }

    private async Task EndAsync()
    {
        if (_stopped is { } why)
        {
            _reasons.Add(why);
        }

        var verdict = _stopped is not null ? ChaosVerdict.Stopped : _reasons.IsEmpty ? ChaosVerdict.Passed : ChaosVerdict.Failed;
        var reasons = _reasons.Reverse().Take(ReasonsMax).ToImmutableArray();
        var text = verdict switch
        {
            ChaosVerdict.Passed => $"Plan {plan.Name} passed.",
            ChaosVerdict.Stopped => $"Plan {plan.Name} was stopped. {string.Join(' ', reasons)}",
            _ => $"Plan {plan.Name} failed. {string.Join(' ', reasons)}",
        };
        await journal.TellAsync(run => run with { EndedAt = time.GetUtcNow(), Verdict = verdict, Reasons = reasons }, ChaosStep.Ended, text, holds: verdict == ChaosVerdict.Passed);
    }

    /// <summary>More of them tell nobody more.</summary>
    private const int ReasonsMax = 50;

    /// <returns>False if the run was stopped before.</returns>
    private async Task<bool> WaitUntilAsync(DateTimeOffset at)
    {
        if (at - time.GetUtcNow() is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !_stopping.IsCancellationRequested;
    }
}
