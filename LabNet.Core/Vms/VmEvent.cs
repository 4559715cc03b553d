using System.Collections.Immutable;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What a VM's session learned. The state changes by nothing else.</summary>
public abstract record VmEvent
{
    private VmEvent()
    {
    }

    /// <summary>A start goes on; what was known of the run before no longer holds.</summary>
    public sealed record Starting(string Step, AcceleratorInUse? Accelerator) : VmEvent;

    public sealed record ProcessFound(int Pid, DateTimeOffset StartedAt, bool Adopted) : VmEvent;

    public sealed record ProcessExited(VmProcessState.Exited Exit) : VmEvent;

    /// <summary>The start ended without a process; without a problem if it was cancelled.</summary>
    public sealed record StartFailed(VmProblem? Problem) : VmEvent;

    public sealed record Connected(QmpGreeting Greeting) : VmEvent;

    public sealed record Disconnected(string Reason, DateTimeOffset At) : VmEvent;

    /// <summary>What QEMU answered when it was asked for everything.</summary>
    /// <param name="AgentPortOpen">Null where nobody knows which port is the agent's.</param>
    public sealed record StateRead(StatusInfo Status, AcceleratorInUse Accelerator, ImmutableArray<JobInfo> Jobs, bool? AgentPortOpen) : VmEvent;

    /// <summary>What the QEMU of an attached VM said of itself.</summary>
    /// <param name="Problem">What does not fit the lab file; null if it fits.</param>
    public sealed record AttachedRead(VmSize Size, VmProblem? Problem) : VmEvent;

    public sealed record QemuSaid(QmpEvent Event) : VmEvent;

    public sealed record JobsRead(ImmutableArray<JobInfo> Jobs) : VmEvent;

    /// <summary>All that is plugged in now.</summary>
    public sealed record PluggedKnown(ImmutableArray<PluggedDevice> Devices) : VmEvent;

    /// <summary>All that is broken on purpose now.</summary>
    public sealed record FaultsKnown(ImmutableArray<FaultInForce> Faults) : VmEvent;

    public sealed record TraceSwitchesKnown(ImmutableArray<TraceEventSwitch> Switches) : VmEvent;

    public sealed record AgentAnswered(GuestFacts? Guest) : VmEvent;

    public sealed record AgentSilent(string Reason) : VmEvent;

    public sealed record ProblemSeen(VmProblem Problem) : VmEvent;
}
