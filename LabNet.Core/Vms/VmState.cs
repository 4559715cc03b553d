using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>
/// All that is known of one VM, as QEMU, the guest and the host said it. Changes only in <see cref="VmReducer"/>.
/// </summary>
public sealed record VmState(LabVm Definition)
{
    public VmName Name => Definition.Name;

    public VmProcessState Process { get; init; } = Definition is AttachedVm ? new VmProcessState.Foreign() : new VmProcessState.Off();

    public QmpLinkState Connection { get; init; } = Definition is AttachedVm ? new QmpLinkState.Connecting() : new QmpLinkState.None();

    /// <summary>Whether QEMU is there: its process runs, or, of someone else's, its monitor is connected.</summary>
    public bool IsThere => Process is VmProcessState.Running || (Process is VmProcessState.Foreign && Connection is QmpLinkState.Connected);

    /// <summary>QEMU's run state as last said; null while nobody can know it.</summary>
    public RunState? RunState { get; init; }

    /// <summary>What runs the guest's code; chosen at the start, confirmed by QEMU.</summary>
    public AcceleratorInUse? Accelerator { get; init; }

    /// <summary>QEMU's version; null until it was connected once.</summary>
    public Version? QemuVersion { get; init; }

    public GuestAgentState Agent { get; init; } = GuestAgentState.AtFirst(Definition);

    /// <summary>What the guest said of itself; kept while the agent is silent.</summary>
    public GuestFacts? Guest { get; init; }

    /// <summary>What QEMU says that an attached VM has; null of one that LabNet starts, and while nobody can know it.</summary>
    public VmSize? Size { get; init; }

    /// <summary>The guest's memory: as the lab file says, or as QEMU says of an attached VM; null while nobody can know it.</summary>
    public long? MemoryBytes => Definition is StartedVm started ? started.MemoryBytes : Size?.MemoryBytes;

    /// <summary>Virtual CPUs, known from the same.</summary>
    public int? Cpus => Definition is StartedVm started ? started.Cpus : Size?.Cpus;

    /// <summary>QEMU's background jobs, such as a snapshot being taken.</summary>
    public ImmutableArray<JobInfo> Jobs { get; init; } = [];

    /// <summary>What was plugged into the running machine.</summary>
    public ImmutableArray<PluggedDevice> Plugged { get; init; } = [];

    /// <summary>What is broken in it on purpose; of a QEMU that is gone nothing.</summary>
    public ImmutableArray<FaultInForce> Faults { get; init; } = [];

    /// <summary>The trace events that were switched on or off, in that order.</summary>
    public ImmutableArray<TraceEventSwitch> TraceSwitches { get; init; } = [];

    /// <summary>The last thing that went wrong and what to do; cleared by the next start.</summary>
    public VmProblem? Problem { get; init; }
}

/// <summary>The QEMU process.</summary>
public abstract record VmProcessState
{
    private VmProcessState()
    {
    }

    public sealed record Off : VmProcessState;

    /// <summary>Somebody else started it, perhaps on another machine: of its process nothing is known.</summary>
    public sealed record Foreign : VmProcessState;

    public sealed record Starting(string Step) : VmProcessState;

    /// <param name="Adopted">Whether an earlier LabNet started it.</param>
    public sealed record Running(int Pid, DateTimeOffset StartedAt, bool Adopted) : VmProcessState;

    /// <summary>It ended.</summary>
    /// <param name="Status">The shell's exit status, 128 + signal for a signal; null if nobody was there to see it.</param>
    /// <param name="Expected">Whether it was asked to end, by us, by the guest or by another QMP client.</param>
    /// <param name="StderrTail">The last lines of what QEMU printed.</param>
    public sealed record Exited(int? Status, bool Expected, string StderrTail, DateTimeOffset At) : VmProcessState;
}

/// <summary>The control socket's connection.</summary>
public abstract record QmpLinkState
{
    private QmpLinkState()
    {
    }

    /// <summary>There is no process to connect to.</summary>
    public sealed record None : QmpLinkState;

    public sealed record Connecting : QmpLinkState;

    public sealed record Connected : QmpLinkState;

    /// <summary>The process lives and does not answer; of an attached VM also: nobody can be reached at its socket.</summary>
    public sealed record Lost(string Reason, DateTimeOffset Since) : QmpLinkState;
}

/// <param name="Reason">Why this one, in words: "the CPU has no vmx", "as the lab file says".</param>
public sealed record AcceleratorInUse(Accelerator Kind, string Reason);

/// <param name="MemoryBytes">At the start, with what was plugged in since.</param>
/// <param name="Cpus">Virtual CPUs.</param>
public sealed record VmSize(long MemoryBytes, int Cpus);

/// <summary>The guest agent.</summary>
public abstract record GuestAgentState
{
    private GuestAgentState()
    {
    }

    /// <summary>While nothing was heard of it.</summary>
    internal static GuestAgentState AtFirst(LabVm vm) => vm is AttachedVm { AgentSocket: null } ? new NoSocket() : new Closed();

    /// <summary>The lab file gives an attached VM no agent socket, so that nobody can ask.</summary>
    public sealed record NoSocket : GuestAgentState;

    /// <summary>The guest does not have the agent's port open: it boots, has no agent, or the agent died.</summary>
    public sealed record Closed : GuestAgentState;

    public sealed record Answering : GuestAgentState;

    /// <summary>The port is open and nothing comes back; a paused guest is like that.</summary>
    public sealed record Silent(string Reason) : GuestAgentState;
}

/// <param name="OperatingSystem">Such as "Debian GNU/Linux 12 (bookworm)".</param>
public sealed record GuestFacts(string HostName, string OperatingSystem, string Kernel, ImmutableArray<GuestInterface> Interfaces);

/// <param name="Addresses">With prefix length, such as 10.10.10.2/24.</param>
public sealed record GuestInterface(string Name, string? Mac, ImmutableArray<string> Addresses);

/// <param name="Title">One line.</param>
/// <param name="Detail">What is known, and what to do; may have several lines.</param>
public sealed record VmProblem(string Title, string Detail, DateTimeOffset At);

/// <summary>Something that is broken on purpose.</summary>
/// <param name="Kind">The word of the REST contract, such as <c>block-error</c>.</param>
/// <param name="Text">What is done, in a few words.</param>
/// <param name="EndsAt">Null of what happens and is over.</param>
/// <param name="BarsSnapshots">Whether a snapshot would hold it, or undo it.</param>
public sealed record FaultInForce(string Id, string Kind, string Text, DateTimeOffset? EndsAt, bool BarsSnapshots);
