using System.Text.Json;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>
/// The one function by which a VM's state changes. Pure. An answer that was on its way when the connection or the process ended comes
/// too late to be true.
/// </summary>
public static class VmReducer
{
    public static VmState Apply(VmState state, VmEvent vmEvent) => vmEvent switch
    {
        VmEvent.Starting e => new VmState(state.Definition)
        {
            Process = new VmProcessState.Starting(e.Step),
            Accelerator = e.Accelerator,
            QemuVersion = state.QemuVersion,
            TraceSwitches = state.TraceSwitches,
        },
        VmEvent.ProcessFound e => state with
        {
            Process = new VmProcessState.Running(e.Pid, e.StartedAt, e.Adopted),
            Connection = state.Connection is QmpLinkState.Connected ? state.Connection : new QmpLinkState.Connecting(),
            Problem = null,
        },
        VmEvent.ProcessExited e => Unplugged(state) with { Process = e.Exit, Problem = ProblemOf(e.Exit), Faults = [] },
        VmEvent.StartFailed e => Unplugged(state) with { Process = new VmProcessState.Off(), Problem = e.Problem },
        VmEvent.Connected e => state with { Connection = new QmpLinkState.Connected(), QemuVersion = e.Greeting.Version },
        VmEvent.Disconnected e when state.Process is VmProcessState.Foreign => Gone(state) with { Connection = new QmpLinkState.Lost(e.Reason, e.At) },
        VmEvent.Disconnected e => state.Process is VmProcessState.Running
            ? Unplugged(state) with { Connection = new QmpLinkState.Lost(e.Reason, e.At) }
            : Unplugged(state),
        VmEvent.StateRead or VmEvent.AttachedRead or VmEvent.QemuSaid or VmEvent.JobsRead when state.Connection is not QmpLinkState.Connected => state,
        VmEvent.AgentAnswered or VmEvent.AgentSilent when !state.IsThere => state,
        VmEvent.StateRead e => state with
        {
            RunState = e.Status.Status,
            Accelerator = e.Accelerator,
            Jobs = e.Jobs,
            Agent = AgentAfterPort(state.Agent, e.AgentPortOpen),
        },
        VmEvent.AttachedRead e => state with { Size = e.Size, Problem = e.Problem },
        VmEvent.QemuSaid e => ApplyQmp(state, e.Event),
        VmEvent.PluggedKnown e => state with { Plugged = e.Devices },
        VmEvent.FaultsKnown e => state with { Faults = e.Faults },
        VmEvent.TraceSwitchesKnown e => state with { TraceSwitches = e.Switches },
        VmEvent.JobsRead e => state with { Jobs = e.Jobs },
        VmEvent.AgentAnswered e => state with { Agent = new GuestAgentState.Answering(), Guest = e.Guest ?? state.Guest, Problem = ProblemAfterAnswer(state) },
        VmEvent.AgentSilent e => state with { Agent = new GuestAgentState.Silent(e.Reason) },
        VmEvent.ProblemSeen e => state with { Problem = e.Problem },
        _ => throw new ArgumentOutOfRangeException(nameof(vmEvent), vmEvent, message: null),
    };

    /// <summary>
    /// The events that name the new run state by themselves. Others (SHUTDOWN, a stop for an I/O error) are followed by a question
    /// to QEMU, because only its answer tells which state it is in.
    /// </summary>
    private static VmState ApplyQmp(VmState state, QmpEvent e) => e.Name switch
    {
        "RESUME" => state with { RunState = RunState.Running },
        "STOP" => state with
        {
            RunState = state.RunState is { } now && now != RunState.Running ? now : RunState.Paused,
            Agent = state.Agent is GuestAgentState.Answering ? new GuestAgentState.Silent("The guest stands still.") : state.Agent,
        },
        "GUEST_PANICKED" when !GuestRunsOn(e) => state with { RunState = RunState.GuestPanicked },
        "VSERPORT_CHANGE" when state.Definition is StartedVm && AgentPortOpen(e) is { } open => state with { Agent = AgentAfterPort(state.Agent, open) },
        _ => state,
    };

    /// <summary>With <c>-action panic=none</c> QEMU tells of the panic and lets the guest go on.</summary>
    private static bool GuestRunsOn(QmpEvent panic) =>
        panic.Data.ValueKind == JsonValueKind.Object && panic.Data.TryGetProperty("action", out var action)
            && action.ValueKind == JsonValueKind.String && action.ValueEquals("run");

    /// <summary>The guest's agent is the only user of a virtio serial port of a VM that LabNet started.</summary>
    private static bool? AgentPortOpen(QmpEvent e) =>
        e.Data.ValueKind == JsonValueKind.Object && e.Data.TryGetProperty("open", out var open)
            && open.ValueKind is (JsonValueKind.True or JsonValueKind.False)
            ? open.GetBoolean()
            : null;

    private static GuestAgentState AgentAfterPort(GuestAgentState agent, bool? open) => (agent, open) switch
    {
        (GuestAgentState.NoSocket, _) => agent,
        (GuestAgentState.Closed, null) => new GuestAgentState.Silent("It has not been asked yet."),
        (_, false) => new GuestAgentState.Closed(),
        (GuestAgentState.Closed, true) => new GuestAgentState.Silent("It has just come up."),
        _ => agent,
    };

    private static VmState Unplugged(VmState state) => state with
    {
        Connection = new QmpLinkState.None(),
        RunState = null,
        Jobs = [],
        Agent = GuestAgentState.AtFirst(state.Definition),
    };

    /// <summary>Behind the same socket may come another QEMU, with another guest.</summary>
    private static VmState Gone(VmState state) => Unplugged(state) with { Accelerator = null, Size = null, Guest = null, Problem = null };

    /// <summary>That a guest boots slowly is over when it answers; that it is another one than the lab file says is not.</summary>
    private static VmProblem? ProblemAfterAnswer(VmState state) => state.Definition is AttachedVm ? state.Problem : null;

    private static VmProblem? ProblemOf(VmProcessState.Exited exit) => exit.Expected
        ? null
        : new VmProblem(
            exit.Status is { } status ? $"QEMU ended with exit status {Describe(status)}" : "QEMU is gone; its exit status was not seen",
            exit.StderrTail.Length == 0 ? "QEMU printed nothing. Start it again, or look at the console's last lines." : exit.StderrTail,
            exit.At);

    private static string Describe(int status) => status switch
    {
        137 => "137 (killed by SIGKILL: by someone, or by the kernel for want of memory)",
        139 => "139 (SIGSEGV: QEMU crashed)",
        134 => "134 (SIGABRT: QEMU aborted)",
        > 128 => $"{status} (signal {status - 128})",
        _ => $"{status}",
    };
}
