using LabNet.Core.Devices;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>How a viewer wants something unplugged.</summary>
public sealed record UnplugWish(bool Force, bool DeleteFile);

/// <summary>
/// Where a viewer's wishes for devices are taken: asks what exactly, hands it on, and tells what was refused in a notification that stays
/// until it is closed. How the operation ends, the page tells as for any other.
/// </summary>
public sealed class DeviceDesk(HotPlug hotPlug, DialogService dialogs, NotificationService notifications)
{
    private static readonly DialogOptions Options = new() { Width = "520px", ShowClose = false, CloseDialogOnOverlayClick = true };

    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    public async Task PlugAsync(VmSession vm, DeviceTopology topology, Actor actor, CancellationToken cancellationToken)
    {
        var taken = topology.All.Select(device => device.QdevId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var stock = HotPlug.ReadStock(vm, taken);
        var answer = await dialogs.OpenAsync<PlugDialog>(
            $"Plug into {vm.State.Name}", new Dictionary<string, object?> { [nameof(PlugDialog.Stock)] = new PlugStock(taken, stock.Links, stock.Images, stock.Unplugged) }, Options);
        if (answer is PlugRequest request)
        {
            await BeginAsync($"Plug {request.Id} into {vm.State.Name}", () => hotPlug.BeginPlugAsync(vm, request, actor, cancellationToken));
        }
    }

    public async Task UnplugAsync(VmSession vm, PluggedDevice device, Actor actor, CancellationToken cancellationToken)
    {
        var answer = await dialogs.OpenAsync<UnplugDialog>(
            $"Unplug {device.Id} from {vm.State.Name}?", new Dictionary<string, object?> { [nameof(UnplugDialog.Device)] = device }, Options);
        if (answer is UnplugWish wish)
        {
            await BeginAsync(
                $"Unplug {device.Id} from {vm.State.Name}",
                () => hotPlug.BeginUnplugAsync(vm, device.Id, wish.Force, wish.DeleteFile, actor, cancellationToken));
        }
    }

    private async Task BeginAsync(string what, Func<Task> begin)
    {
        try
        {
            await begin();
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or QmpException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"{what}: refused",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
        }
    }
}
