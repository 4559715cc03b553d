using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>Carrying a run out.</summary>
public sealed partial class IoBenchmarkRunner
{
    /// <summary>For ending fio and removing its file; a guest that does not answer is left as it is.</summary>
    private static readonly TimeSpan TidyingTimeout = TimeSpan.FromSeconds(10);

    private Task RunAsync(Plan plan, IProgress<double> progress, CancellationToken cancellationToken) =>
        CarryOutAsync(plan, () => MeasureAllAsync(plan, progress, cancellationToken), cancellationToken);

    /// <summary>However the measuring ends, the guest is tidied up and the run's end is kept.</summary>
    private async Task CarryOutAsync(Plan plan, Func<Task> measure, CancellationToken cancellationToken)
    {
        try
        {
            await measure();
            await TidyUpAsync(plan);
        }
        catch (Exception e)
        {
            await TidyUpAsync(plan);
            var state = e is OperationCanceledException && cancellationToken.IsCancellationRequested ? OperationState.Cancelled : OperationState.Failed;
            await store.EndAsync(plan.Run.Id, state, state == OperationState.Failed ? e.Message : null, CancellationToken.None);
            throw;
        }

        await store.EndAsync(plan.Run.Id, OperationState.Succeeded, error: null, CancellationToken.None);
    }

    private async Task MeasureAllAsync(Plan plan, IProgress<double> progress, CancellationToken cancellationToken)
    {
        await PrepareAsync(plan, cancellationToken);
        for (var number = 1; number <= plan.Run.Repeats; number++)
        {
            progress.Report((number - 1.0) / plan.Run.Repeats);
            await AddRepeatAsync(plan, number, cancellationToken);
        }

        // Whoever follows the progress reads the last repeat now: what comes next in a series can take a while.
        progress.Report(1);
    }

    private static async Task PrepareAsync(Plan plan, CancellationToken cancellationToken)
    {
        if (plan.Folder is { } folder)
        {
            await LayOutAsync(plan, FioCommand.LayOut(plan.Run.Id, folder), folder, cancellationToken);
        }
        else if (plan.IsNewDisk)
        {
            await LookAgainAsync(plan, cancellationToken);
            await LayOutAsync(plan, FioCommand.Fill(plan.Run.Id, plan.Path), plan.Path, cancellationToken);
        }
    }

    private async Task AddRepeatAsync(Plan plan, int number, CancellationToken cancellationToken)
    {
        try
        {
            await store.AddRepeatAsync(plan.Run.Id, await MeasureAsync(plan, number, cancellationToken), cancellationToken);
        }
        catch (Exception e) when (e is GuestAgentException or QmpException or IoBenchmarkException or VmConflictException)
        {
            throw new IoBenchmarkException($"In repeat {number} of {plan.Run.Repeats}: {e.Message}", e);
        }
    }

    private static async Task LayOutAsync(Plan plan, GuestProgram program, string place, CancellationToken cancellationToken)
    {
        var result = await plan.Vm.RunInGuestAsync(program, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new IoBenchmarkException($"What is to be measured could not be written to {place} of the guest (status {result.ExitCode}): {Told(result.Stderr)}");
        }
    }

    private async Task<IoRepeat> MeasureAsync(Plan plan, int number, CancellationToken cancellationToken)
    {
        if (plan.Folder is null && plan.Profile.Writes)
        {
            await LookAgainAsync(plan, cancellationToken);
        }

        var before = await plan.Disk.ReadStatsAsync(plan.Vm, cancellationToken);
        var startedAt = time.GetUtcNow();
        var report = await RunFioAsync(plan, mayChangeEngine: number == 1, cancellationToken);
        var after = await plan.Disk.ReadStatsAsync(plan.Vm, cancellationToken);
        var repeat = new IoRepeat(
            number,
            startedAt,
            time.GetUtcNow(),
            plan.Engine,
            report.Version,
            plan.Profile.Reads ? report.Read : null,
            plan.Profile.Writes ? report.Write : null,
            HostIo.Between(before, after));
        return traced is null ? repeat : repeat with { Traced = await traced.ReadAsync(plan.Vm, plan.Run, repeat, cancellationToken) };
    }

    /// <summary>Somebody may have mounted the disk since, or another one may have its name.</summary>
    private static async Task LookAgainAsync(Plan plan, CancellationToken cancellationToken)
    {
        var guest = await ReadGuestAsync(plan.Vm, cancellationToken);
        var block = FindIn(guest, plan.Vm, plan.Disk);
        if (block.Device != plan.Run.GuestDevice)
        {
            throw new IoBenchmarkException($"{plan.Disk.QdevId} is {block.Device} now and was {plan.Run.GuestDevice}.");
        }

        ThrowIfInUse(plan.Vm, guest, plan.Disk, block);
    }

    private static async Task<FioReport> RunFioAsync(Plan plan, bool mayChangeEngine, CancellationToken cancellationToken)
    {
        var program = FioCommand.Measure(plan.Run.Id, plan.Profile, plan.Run.Target, plan.Path, plan.Engine, plan.Run.Seconds);
        var result = await plan.Vm.RunInGuestAsync(program, cancellationToken);
        if (!FioReport.TryParse(result.Stdout.Span, out var report, out var mistake))
        {
            if (mayChangeEngine && plan.Engine == FioCommand.LinuxAio && await LacksLinuxAioAsync(plan, cancellationToken))
            {
                plan.Engine = plan.Profile.Depth == 1
                    ? FioCommand.Synchronous
                    : throw new IoBenchmarkException($"The guest's fio has no {FioCommand.LinuxAio}, without which it cannot have {plan.Profile.Depth} requests at a time.");
                return await RunFioAsync(plan, mayChangeEngine: false, cancellationToken);
            }

            throw new IoBenchmarkException(result.ExitCode == 0
                ? $"fio's report cannot be understood: {mistake}."
                : $"fio ended with status {result.ExitCode}: {Told(result.Stderr)}");
        }

        return result.ExitCode == 0 && report.Error == 0
            ? report
            : throw new IoBenchmarkException($"fio ended with status {result.ExitCode} (errno {report.Error}): {Told(result.Stderr)}");
    }

    private static async Task<bool> LacksLinuxAioAsync(Plan plan, CancellationToken cancellationToken)
    {
        var engines = await plan.Vm.RunInGuestAsync(FioCommand.ListEngines(), cancellationToken);
        return engines.ExitCode == 0 && !FioCommand.HasEngine(Encoding.UTF8.GetString(engines.Stdout.Span), FioCommand.LinuxAio);
    }

    /// <summary>
    /// After a run that was cancelled or failed its fio may still run. In a guest that cannot be reached it ends by itself when its time is
    /// up, and the next benchmark removes the file.
    /// </summary>
    private async Task TidyUpAsync(Plan plan)
    {
        using var timeout = new CancellationTokenSource(TidyingTimeout, time);
        try
        {
            await plan.Vm.RunInGuestAsync(FioCommand.End(plan.Run.Id, plan.File), timeout.Token);
        }
        catch (Exception e) when (e is GuestAgentException or OperationCanceledException)
        {
            // Why the run ended is told, if it did not end well.
        }
    }
}
