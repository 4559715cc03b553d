using LabNet.Core.Faults;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Faults;

/// <summary>Where a viewer's wishes about faults are taken, and what was refused is told.</summary>
public sealed class FaultDesk(NotificationService notifications)
{
    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <returns>Why it did not come; null if it is in force, or happened.</returns>
    public static async Task<string?> InjectAsync(VmFaults faults, FaultRequest request, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            var fault = await faults.InjectAsync(request.Spec, request.Duration, request.At, run: null, actor, cancellationToken);
            return fault.State == FaultState.Failed ? fault.Problem ?? "It failed." : null;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or QmpException or DatabaseException or ArgumentException)
        {
            return e.Message;
        }
    }

    public async Task LiftAsync(VmFaults faults, Fault fault, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            await faults.LiftAsync(fault.Id, FaultEnd.Asked, actor, cancellationToken);
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or QmpException or DatabaseException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"Lift “{fault.Spec.Text}”: not done",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
        }
    }
}
