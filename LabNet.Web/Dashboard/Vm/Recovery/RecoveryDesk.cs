using LabNet.Core.Recovery;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>Where a viewer's wish to forget a crash is taken: asks back, hands it on, and tells what was refused.</summary>
public sealed class RecoveryDesk(DialogService dialogs, NotificationService notifications)
{
    private static readonly DialogOptions Options = new() { Width = "460px", ShowClose = false, CloseDialogOnOverlayClick = true };

    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <returns>Whether it is forgotten.</returns>
    public async Task<bool> ForgetAsync(VmRecovery recovery, Incident incident, Actor actor, CancellationToken cancellationToken)
    {
        var answer = await dialogs.OpenAsync<ForgetIncident>("Delete this crash?", new Dictionary<string, object?> { [nameof(ForgetIncident.Incident)] = incident }, Options);
        if (answer is not true)
        {
            return false;
        }

        try
        {
            await recovery.DeleteAsync(incident, actor, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or DatabaseException or IOException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"Delete the crash of {incident.Vm}: refused",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
            return false;
        }
    }
}
