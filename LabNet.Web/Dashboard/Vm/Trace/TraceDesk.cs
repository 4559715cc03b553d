using LabNet.Core.Qmp;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>Where a viewer's wishes for trace events are taken: hands them on, and tells what was refused in a notification that stays until it is closed.</summary>
public sealed class TraceDesk(TracePump pump, NotificationService notifications)
{
    /// <summary>As long as Task.Delay, by which Radzen ends it, can wait for.</summary>
    private static readonly TimeSpan UntilClosed = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <returns>Whether it was done.</returns>
    public Task<bool> SwitchAsync(VmSession vm, IReadOnlyList<TraceEventSwitch> switches, Actor actor, CancellationToken cancellationToken) =>
        DoAsync($"Switch trace events of {vm.State.Name}", () => pump.SwitchAsync(vm, switches, actor, cancellationToken), cancellationToken);

    /// <inheritdoc cref="SwitchAsync"/>
    public Task<bool> ForgetAsync(VmSession vm, IReadOnlyCollection<string> patterns, Actor actor, CancellationToken cancellationToken) =>
        DoAsync($"Remove trace events of {vm.State.Name}", () => vm.ForgetTraceSwitchesAsync(patterns, actor, cancellationToken), cancellationToken);

    /// <summary>Keeps a device's register accesses, or no longer.</summary>
    /// <inheritdoc cref="SwitchAsync"/>
    public Task<bool> TurnRegistersAsync(VmSession vm, string device, Actor actor, CancellationToken cancellationToken) =>
        RegisterTrace.Turned(vm.State.TraceSwitches, device) is { } next
            ? SwitchAsync(vm, [next], actor, cancellationToken)
            : ForgetAsync(vm, [RegisterTrace.Pattern], actor, cancellationToken);

    /// <summary>Keeps a device's register accesses, and its requests where it is a disk.</summary>
    /// <param name="device">As register accesses name it.</param>
    /// <param name="type">QEMU's.</param>
    /// <inheritdoc cref="SwitchAsync"/>
    public Task<bool> TraceDeviceAsync(VmSession vm, string device, string? type, Actor actor, CancellationToken cancellationToken)
    {
        List<TraceEventSwitch> switches = [.. TracePreset.RequestsOf(type)?.Switches(enabled: true) ?? []];
        if (!RegisterTrace.DevicesOf(vm.State.TraceSwitches).Contains(device) && RegisterTrace.Turned(vm.State.TraceSwitches, device) is { } registers)
        {
            switches.Add(registers);
        }

        return SwitchAsync(vm, switches, actor, cancellationToken);
    }

    private async Task<bool> DoAsync(string what, Func<Task> wish, CancellationToken cancellationToken)
    {
        try
        {
            await wish();
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is ForbiddenException or VmConflictException or UnknownTraceEventException or ArgumentException or QmpException or IOException)
        {
            notifications.Notify(new NotificationMessage
            {
                Severity = NotificationSeverity.Warning,
                Summary = $"{what}: refused",
                Detail = e.Message,
                Duration = UntilClosed.TotalMilliseconds,
                CloseAriaLabel = "Close this message",
            });
            return false;
        }
    }
}
