using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>What has to hold, and what ends the run when it does not.</summary>
internal sealed partial class ChaosExecution
{
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>At absolute times; what a slow check leaves out is not made up for.</summary>
    private async Task CheckDuringAsync(SteadyChecks checks, SteadyCheck check, DateTimeOffset began, CancellationToken cancellationToken)
    {
        for (var turn = 0L; check.Every * turn < plan.Duration; turn = Math.Max(turn + 1, (long)Math.Ceiling((time.GetUtcNow() - began) / check.Every)))
        {
            if (began + (check.Every * turn) - time.GetUtcNow() is { Ticks: > 0 } rest)
            {
                await Task.Delay(rest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await TellAsync(check, await TryCheckAsync(checks, check));
        }
    }

    /// <summary>A guest that was hit has the plan's settle time to be well again; what it finds at the end counts.</summary>
    private async Task CheckAfterAsync(SteadyChecks checks)
    {
        var until = time.GetUtcNow() + plan.Settle;
        await Task.WhenAll(plan.Checks.Where(check => check.When.HasFlag(CheckTime.After)).Select(async check =>
        {
            var results = await TryCheckAsync(checks, check);
            while (results.Any(result => !result.Holds) && check is not ConsoleCheck && time.GetUtcNow() < until && _stopped is null)
            {
                await Task.Delay(AfterPause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                results = await TryCheckAsync(checks, check);
            }

            await TellAsync(check, results);
        }));
    }

    /// <summary>A check that is under way when the run is stopped has found nothing.</summary>
    private async Task<CheckResult[]> TryCheckAsync(SteadyChecks checks, SteadyCheck check)
    {
        try
        {
            return await checks.CheckAsync(check, _stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return [];
        }
    }

    private async Task TellAsync(SteadyCheck check, CheckResult[] results)
    {
        foreach (var result in results)
        {
            await journal.TellAsync(
                run => run with { Counts = result.Holds ? run.Counts with { ChecksHeld = run.Counts.ChecksHeld + 1 } : run.Counts with { ChecksFailed = run.Counts.ChecksFailed + 1 } },
                ChaosStep.Check,
                result.Text,
                result.Vm,
                check: check.Name,
                holds: result.Holds);
            if (result.Holds)
            {
                continue;
            }

            _reasons.Add($"{check.Name} on {result.Vm} did not hold: {result.Text}");
            if (Interlocked.Increment(ref _failedChecks) == plan.Stop.FailedChecks)
            {
                await StopAsync($"{plan.Stop.FailedChecks} checks failed, and the plan stops then.");
            }
        }
    }

    /// <summary>A VM that ends may be brought back; one that is not within the settle time is lost.</summary>
    private async Task WatchVmsAsync(CancellationToken cancellationToken)
    {
        var goneSince = new Dictionary<VmName, DateTimeOffset>();
        using var timer = new PeriodicTimer(ReportPeriod, time);
        var there = vms.Vms.Where(vm => vm.State.IsThere).Select(vm => vm.State.Name).ToHashSet();
        try
        {
            while (plan.Stop.VmLost && await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var vm in vms.Vms.Where(vm => there.Contains(vm.State.Name)))
                {
                    if (vm.State.IsThere)
                    {
                        goneSince.Remove(vm.State.Name);
                    }
                    else if (goneSince.TryAdd(vm.State.Name, time.GetUtcNow()) is false && time.GetUtcNow() - goneSince[vm.State.Name] > plan.Settle)
                    {
                        await StopAsync($"{vm.State.Name} is gone and did not come back within {plan.Settle.TotalSeconds:0.###} s.");
                        return;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task StopAsync(string why)
    {
        if (_stopped is null)
        {
            await journal.TellAsync(run => run, ChaosStep.Stopping, why, holds: false);
            Stop(why);
        }
    }

    private async Task ReportAsync(IProgress<double> progress, DateTimeOffset began, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            progress.Report(Math.Clamp((time.GetUtcNow() - began) / plan.Duration, 0, 1));
            await Task.Delay(ReportPeriod, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
