using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.PciModels;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>How an access to a register went.</summary>
/// <param name="Value">What was read or written; null if it was refused.</param>
/// <param name="Refusal">Then: why.</param>
public sealed record PokeAnswer(ulong? Value, string? Refusal);

/// <summary>Where a viewer's wishes about custom PCI devices are taken, and what was refused is told.</summary>
public sealed class WorkbenchDesk(
    HotPlug hotPlug, GuestRegisters registers, PciBuilder builder, OperationRegistry operations, DialogService dialogs, NotificationService notifications)
{
    private static readonly DialogOptions Options = new() { Width = "540px", ShowClose = false, CloseDialogOnOverlayClick = true };

    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <param name="taken">The ids of the VM's devices.</param>
    public async Task PlugAsync(VmSession vm, PciModel model, IReadOnlySet<string> taken, Actor actor, CancellationToken cancellationToken)
    {
        var answer = await dialogs.OpenAsync<PlugModelDialog>(
            $"Plug {model.Name} into {vm.State.Name}",
            new Dictionary<string, object?> { [nameof(PlugModelDialog.Model)] = model, [nameof(PlugModelDialog.TakenIds)] = taken },
            Options);
        if (answer is PciPlugRequest request)
        {
            await DoAsync($"Plug {request.Id} into {vm.State.Name}", () => hotPlug.BeginPlugAsync(vm, request, actor, cancellationToken));
        }
    }

    /// <summary>What is refused is for the place where it was asked for.</summary>
    public async Task<PokeAnswer> PokeAsync(VmSession vm, PluggedDevice device, RegisterPoke poke, Actor actor, CancellationToken cancellationToken)
    {
        try
        {
            return new PokeAnswer(await registers.PokeAsync(vm, device, poke, actor, cancellationToken), Refusal: null);
        }
        catch (Exception e) when (IsForViewer(e))
        {
            return new PokeAnswer(Value: null, e.Message);
        }
    }

    public Task BuildAsync(bool force, Actor actor, CancellationToken cancellationToken) =>
        DoAsync("Build the devices", () => builder.BeginAsync(force, actor, cancellationToken));

    public void CancelBuild(Operation operation, Actor actor)
    {
        if (actor.Role < Role.Operator)
        {
            Tell("Cancel the build: refused", new ForbiddenException(actor, Role.Operator, "cancelling").Message);
            return;
        }

        // One that has ended in the meantime shows as that.
        operations.Cancel(operation.Id);
    }

    private async Task DoAsync(string what, Func<Task> wish)
    {
        try
        {
            await wish();
        }
        catch (Exception e) when (IsForViewer(e))
        {
            Tell($"{what}: refused", e.Message);
        }
    }

    private static bool IsForViewer(Exception e) =>
        e is ForbiddenException or VmConflictException or QmpException or GuestAgentException or HostException or DatabaseException or ArgumentException or IOException;

    private void Tell(string summary, string detail) => notifications.Notify(new NotificationMessage
    {
        Severity = NotificationSeverity.Warning,
        Summary = summary,
        Detail = detail,
        Duration = UntilClosed.TotalMilliseconds,
        CloseAriaLabel = "Close this message",
    });
}
