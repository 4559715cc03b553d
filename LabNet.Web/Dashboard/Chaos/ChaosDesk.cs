using LabNet.Core.Faults;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Chaos;

/// <summary>Where a viewer's wishes about plans are taken, and what was refused is told.</summary>
public sealed class ChaosDesk(ChaosRuns runs, NotificationService notifications)
{
    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <returns>Null if it was refused, which was told.</returns>
    public Task<KeptPlan?> SaveAsync(string text, Actor actor, CancellationToken cancellationToken) =>
        TryAsync<KeptPlan>("Save the plan", async () => await runs.SaveAsync(text, actor, cancellationToken));

    /// <inheritdoc cref="SaveAsync"/>
    public Task<ChaosRun?> BeginAsync(KeptPlan plan, ulong? seed, ChaosRun? replays, Actor actor, CancellationToken cancellationToken) =>
        TryAsync<ChaosRun>($"Run {plan.Name}", async () => (await runs.BeginAsync(plan, seed, replays, actor, cancellationToken)).Run);

    public Task StopAsync(ChaosRun run, Actor actor, CancellationToken cancellationToken) => TryAsync<ChaosRun>($"Stop {run.Name}", async () =>
    {
        await runs.StopAsync(run.Id, actor, cancellationToken);
        return run;
    });

    /// <returns>Whether it is deleted.</returns>
    public async Task<bool> DeleteAsync(KeptPlan plan, Actor actor, CancellationToken cancellationToken) =>
        await TryAsync<KeptPlan>($"Delete {plan.Name}", async () => await runs.DeleteAsync(plan, actor, cancellationToken) ? plan : null) is not null;

    private async Task<T?> TryAsync<T>(string wish, Func<Task<T?>> work) where T : class
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or DatabaseException or ArgumentException or ChaosPlanException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"{wish}: refused",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
            return null;
        }
    }
}
