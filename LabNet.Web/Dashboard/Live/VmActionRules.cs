using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Live;

/// <summary>
/// Which actions make sense now. For the buttons only: the VM's session decides, and its refusal is shown when the state changed in
/// between.
/// </summary>
public static class VmActionRules
{
    /// <summary>Why the action cannot be asked for now, in words; null if it can.</summary>
    /// <param name="state">Null if nothing was told yet.</param>
    /// <param name="operation">What runs on the VM; null for nothing.</param>
    public static string? WhyNot(VmAction action, VmState? state, Operation? operation, Role role) =>
        role < Role.Operator ? $"You are {role.Word()}; this needs {Role.Operator.Word()}."
        : state is null ? "LabNet has not looked at this VM yet."
        : action.WhyNever(state.Definition) is { } never ? never
        : Busy(action, operation) ?? state.Process switch
        {
            VmProcessState.Starting starting => action == VmAction.Kill ? "It has no process yet." : $"It is starting: {starting.Step}.",
            VmProcessState.Running running => WhyNotRunning(action, running, state),
            VmProcessState.Foreign when state.Connection is QmpLinkState.Lost => "It is not reachable.",
            VmProcessState.Foreign => WhyNotThere(action, state),
            _ => action == VmAction.Start ? null : "It is off.",
        };

    private static string? Busy(VmAction action, Operation? operation)
    {
        if (operation is null || !VmActions.TryParse(operation.Kind, out var running))
        {
            return null;
        }

        // What does not end by itself must still be stoppable.
        var stronger = action is VmAction.Stop or VmAction.Kill && running < action && running != VmAction.Start;
        return stronger ? null : $"{ActionWords.Name(running)} is under way.";
    }

    private static string? WhyNotRunning(VmAction action, VmProcessState.Running running, VmState state) => action switch
    {
        VmAction.Start => $"It runs, as process {running.Pid}.",
        VmAction.Stop or VmAction.Kill => null,
        _ when state.Connection is QmpLinkState.Lost => "QEMU does not answer; only Stop and Kill help.",
        _ => WhyNotThere(action, state),
    };

    private static string? WhyNotThere(VmAction action, VmState state) => state is { Connection: QmpLinkState.Connected, RunState: { } runState }
        ? WhyNotConnected(action, runState.Word)
        : "LabNet is still connecting to QEMU.";

    private static string? WhyNotConnected(VmAction action, string runState) => (action, runState) switch
    {
        (_, "save-vm" or "restore-vm") => $"QEMU says {runState}: a snapshot is under way.",
        (VmAction.Pause, "running") => null,
        (VmAction.Pause, _) => $"Its vCPUs do not run: QEMU says {runState}.",
        (VmAction.Resume, "running") => "Its vCPUs run.",

        // runstate_needs_reset() of QEMU: it refuses cont in these two.
        (VmAction.Resume, "shutdown" or "internal-error") => $"QEMU says {runState}: only a reset helps.",
        (VmAction.Resume, _) => null,
        (VmAction.Powerdown, "running") => null,
        (VmAction.Powerdown, _) => $"The guest would not notice: QEMU says {runState}.",
        _ => null,
    };
}
