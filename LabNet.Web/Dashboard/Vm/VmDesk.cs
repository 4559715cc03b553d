using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Radzen;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a viewer wants of a VM.</summary>
public sealed record VmWish(VmName Vm, VmAction Action);

/// <summary>
/// Where a viewer's wishes are taken: asks back where it hurts, hands them on, and tells what was refused or failed in a notification that
/// stays until it is closed.
/// </summary>
public sealed partial class VmDesk(
    BeginVmAction begin, OperationRegistry operations, DialogService dialogs, NotificationService notifications, ILogger<VmDesk> logger)
{
    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    private string? _lastTold;

    /// <summary>Whether to go on.</summary>
    public async Task<bool> ConfirmAsync(VmWish wish)
    {
        if (ActionWords.Loss(wish.Action) is null)
        {
            return true;
        }

        var answer = await dialogs.OpenAsync<ConfirmAction>(
            $"{ActionWords.Name(wish.Action)} {wish.Vm}?",
            new Dictionary<string, object?> { [nameof(ConfirmAction.Wish)] = wish },
            new DialogOptions { Width = "460px", ShowClose = false, CloseDialogOnOverlayClick = true });
        return answer is true;
    }

    /// <summary>The operation that began; null if none did, which was told.</summary>
    public async Task<Operation?> BeginAsync(VmWish wish, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            return await begin(wish.Vm, wish.Action, actor, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or QmpException)
        {
            Tell(NotificationSeverity.Warning, $"{ActionWords.Name(wish.Action)} {wish.Vm}: refused", e.Message);
            return null;
        }
        catch (Exception e)
        {
            LogNotBegun(e, wish.Action, wish.Vm);
            Tell(NotificationSeverity.Error, $"{ActionWords.Name(wish.Action)} {wish.Vm}: not begun", $"{e.Message} LabNet's log says more.");
            return null;
        }
    }

    /// <summary>Asks a running operation to end.</summary>
    public void Cancel(Operation operation, Actor actor)
    {
        if (actor.Role < Role.Operator)
        {
            Tell(NotificationSeverity.Warning, "Not cancelled", new ForbiddenException(actor, Role.Operator, "cancelling").Message);
        }
        else if (!operations.Cancel(operation.Id))
        {
            Tell(NotificationSeverity.Info, "Nothing to cancel", $"{operation.Kind} has ended in the meantime.");
        }
    }

    /// <summary>Tells who asked for the operation that it failed, once.</summary>
    public void TellFailure(Operation operation, Actor actor)
    {
        if (operation is { State: OperationState.Failed } && operation.ActorName == actor.Name && operation.Id != _lastTold)
        {
            _lastTold = operation.Id;
            Tell(NotificationSeverity.Error, operation.Vm is { } vm ? $"{ActionWords.Name(operation)} {vm}: failed" : $"{ActionWords.Name(operation)}: failed", operation.Error ?? "No reason is known.");
        }
    }

    private void Tell(NotificationSeverity severity, string summary, string detail) => notifications.Notify(new NotificationMessage
    {
        Severity = severity,
        Summary = summary,
        Detail = detail,
        Duration = UntilClosed.TotalMilliseconds,
        CloseAriaLabel = "Close this message",
    });

    [LoggerMessage(4001, LogLevel.Error, "{Action} of {Vm} could not be begun")]
    private partial void LogNotBegun(Exception exception, VmAction action, VmName vm);
}
