using LabNet.Core.IoBenchmarks;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>Where a viewer's wish to forget a run is taken: asks back, hands it on, and tells what was refused.</summary>
public sealed class BenchmarkDesk(IoBenchmarkRunner runner, DialogService dialogs, NotificationService notifications)
{
    private static readonly DialogOptions Options = new() { Width = "460px", ShowClose = false, CloseDialogOnOverlayClick = true };

    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <returns>Whether it is forgotten.</returns>
    public async Task<bool> ForgetAsync(VmSession vm, IoBenchmark run, Actor actor, CancellationToken cancellationToken)
    {
        var answer = await dialogs.OpenAsync<ForgetRun>("Delete this run?", new Dictionary<string, object?> { [nameof(ForgetRun.Run)] = run }, Options);
        if (answer is not true)
        {
            return false;
        }

        try
        {
            await runner.DeleteAsync(vm, run, actor, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or DatabaseException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"Delete {IoText.Name(run)}: refused",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
            return false;
        }
    }
}
