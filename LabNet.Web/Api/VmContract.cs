using System.Diagnostics.CodeAnalysis;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>How LabNet and a VM's QEMU stand to each other.</summary>
public enum VmConnection
{
    /// <summary>QEMU does not run, and nobody expects it to.</summary>
    Off,

    /// <summary>LabNet is about to start QEMU.</summary>
    Starting,

    /// <summary>QEMU runs; LabNet is not connected to it yet.</summary>
    Connecting,

    Connected,

    /// <summary>QEMU runs and does not answer; of an attached VM also: nobody can be reached at its socket.</summary>
    Lost,

    /// <summary>QEMU ended and was not asked to.</summary>
    Crashed,
}

/// <summary>Whether the guest's agent can be talked to.</summary>
public enum AgentAnswers
{
    /// <summary>The guest does not listen: it boots, or has no agent.</summary>
    Closed,
    Answering,

    /// <summary>The guest listens and does not answer; a paused guest is like that.</summary>
    Silent,

    /// <summary>The lab file gives this attached VM no agent socket, so that nobody can ask.</summary>
    NoSocket,
}

/// <summary>A VM as it is now.</summary>
public record VmContract
{
    public required string Name { get; init; }

    /// <summary>Where it runs.</summary>
    public required string Host { get; init; }

    /// <summary>The guest's architecture.</summary>
    public required Architecture Arch { get; init; }

    /// <summary>Whether somebody else started it, and LabNet only connects to its sockets: it is not started, stopped or killed here.</summary>
    public required bool Attached { get; init; }

    /// <summary>QEMU's run state, such as `running` or `paused`, as QEMU last said; null while nobody can know it.</summary>
    public required string? RunState { get; init; }

    public required VmConnection Connection { get; init; }

    /// <summary>What runs the guest's code; null until a start chose one, and of an attached VM until QEMU told.</summary>
    public required Accelerator? Accelerator { get; init; }

    /// <summary>Since QEMU was started; null while it does not run, and of an attached VM, whose QEMU does not tell.</summary>
    public required long? UptimeSeconds { get; init; }

    /// <summary>Null until LabNet was connected once.</summary>
    public required string? QemuVersion { get; init; }

    public required AgentAnswers GuestAgent { get; init; }

    internal static VmContract Of(VmState vm, DateTimeOffset now) => new()
    {
        Name = vm.Name.ToString(),
        Host = vm.Definition.Host.ToString(),
        Arch = vm.Definition.Architecture,
        Attached = vm.Definition is AttachedVm,
        RunState = vm.RunState?.Word,
        Connection = ConnectionOf(vm),
        Accelerator = vm.Accelerator?.Kind,
        UptimeSeconds = vm.Process is VmProcessState.Running running ? (long)(now - running.StartedAt).TotalSeconds : null,
        QemuVersion = vm.QemuVersion?.ToString(),
        GuestAgent = vm.Agent switch
        {
            GuestAgentState.Answering => AgentAnswers.Answering,
            GuestAgentState.Silent => AgentAnswers.Silent,
            GuestAgentState.NoSocket => AgentAnswers.NoSocket,
            _ => AgentAnswers.Closed,
        },
    };

    private static VmConnection ConnectionOf(VmState vm) => vm.Process switch
    {
        VmProcessState.Starting => VmConnection.Starting,
        VmProcessState.Exited { Expected: false } => VmConnection.Crashed,
        VmProcessState.Running or VmProcessState.Foreign => vm.Connection switch
        {
            QmpLinkState.Connected => VmConnection.Connected,
            QmpLinkState.Lost => VmConnection.Lost,
            _ => VmConnection.Connecting,
        },
        _ => VmConnection.Off,
    };
}

/// <summary>A VM as it is now, with all that LabNet knows of it.</summary>
public sealed record VmDetailsContract : VmContract
{
    [SetsRequiredMembers]
    private VmDetailsContract(VmContract vm) : base(vm)
    {
    }

    /// <summary>Where the QMP socket of an attached VM is, such as `/run/mine/qmp.sock` or `127.0.0.1:4444`; null of a VM that LabNet starts.</summary>
    public required string? AttachedTo { get; init; }

    /// <summary>QEMU's process; null while it does not run, and of an attached VM, whose process LabNet does not know.</summary>
    public required int? Pid { get; init; }

    /// <summary>When QEMU was started; null where the process is.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>Why this accelerator, in words.</summary>
    public required string? AcceleratorReason { get; init; }

    /// <summary>As the lab file says; of an attached VM as QEMU says, and null while it is not connected.</summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>Virtual CPUs, known from the same.</summary>
    public required int? Cpus { get; init; }

    /// <summary>Those that LabNet made; null of an attached VM, whose NICs only its guest and `pci` tell.</summary>
    public required IReadOnlyList<NicContract>? Nics { get; init; }

    /// <summary>Those that LabNet made; null of an attached VM, whose disks `block` tells.</summary>
    public required IReadOnlyList<DiskContract>? Disks { get; init; }

    /// <summary>What was plugged in since QEMU was started.</summary>
    public IReadOnlyList<PluggedContract> Plugged { get; init; } = [];

    /// <summary>What is broken in it on purpose; `faults` has more of them, and those that are over.</summary>
    public IReadOnlyList<FaultInForceContract> Faults { get; init; } = [];

    /// <summary>What the guest said of itself; null until its agent answered.</summary>
    public required GuestContract? Guest { get; init; }

    /// <summary>The last thing that went wrong; null if nothing did since the start.</summary>
    public required VmProblemContract? Problem { get; init; }

    /// <summary>A QMP socket that LabNet leaves to programs of yours, on the VM's host; null for viewers, and of an attached VM, which has none that LabNet knows.</summary>
    public required string? QmpSocket { get; init; }

    /// <summary>How many snapshots its disks hold; `snapshots` has them.</summary>
    public required int Snapshots { get; init; }

    internal static VmDetailsContract Of(VmState vm, string? qmpSocket, int snapshots, DateTimeOffset now)
    {
        var running = vm.Process as VmProcessState.Running;
        var started = vm.Definition as StartedVm;
        return new VmDetailsContract(Of(vm, now))
        {
            Snapshots = snapshots,
            AttachedTo = (vm.Definition as AttachedVm)?.Qmp.ToString(),
            Pid = running?.Pid,
            StartedAt = running?.StartedAt,
            AcceleratorReason = vm.Accelerator?.Reason,
            MemoryBytes = vm.MemoryBytes,
            Cpus = vm.Cpus,
            Nics = started is null ? null : [.. started.Nics.Select(NicContract.Of)],
            Disks = started is null ? null : [new DiskContract("vda", started.Image.ToString())],
            Plugged = [.. vm.Plugged.Select(PluggedContract.Of)],
            Faults = [.. vm.Faults.Select(FaultInForceContract.Of)],
            Guest = vm.Guest is { } guest ? GuestContract.Of(guest) : null,
            Problem = vm.Problem is { } problem ? new VmProblemContract(problem.Title, problem.Detail, problem.At) : null,
            QmpSocket = qmpSocket,
        };
    }
}

/// <param name="Kind">Such as `virtio-blk`.</param>
/// <param name="Port">The root port that it is in, by its qdev id.</param>
/// <param name="Link">The link that a NIC is on; null for the user-mode network.</param>
/// <param name="GuestName">What the guest called it then, such as `vdb`; null where the guest could not be asked.</param>
/// <param name="Properties">What a custom PCI device was plugged in with; null for a disk or a NIC.</param>
/// <param name="Socket">Where QEMU listens for the process that behaves for such a device; null for what behaves by itself.</param>
public sealed record PluggedContract(
    string Id, string Kind, string Port, string? Link, string? GuestName, DateTimeOffset At, IReadOnlyDictionary<string, string>? Properties, string? Socket)
{
    internal static PluggedContract Of(PluggedDevice device) =>
        new(device.Id, device.Kind, device.Port, device.Link, device.GuestName, device.At, device.Properties, device.Socket);
}

public enum NicKind
{
    /// <summary>QEMU's user-mode network: the guest reaches out, nobody reaches in.</summary>
    User,

    /// <summary>Plugged into a link.</summary>
    Link,
}

/// <param name="Id">Such as `eth0`; the guest's interface has the same name.</param>
/// <param name="Model">QEMU's device.</param>
/// <param name="Link">Which one it is plugged into; null for `user`.</param>
/// <param name="Address">Which the guest gives itself at boot, such as `10.10.10.2/24`.</param>
public sealed record NicContract(string Id, NicKind Kind, NicModel Model, string Mac, string? Link, string? Address)
{
    internal static NicContract Of(Nic nic) => nic is LinkNic plugged
        ? new NicContract(nic.Id.ToString(), NicKind.Link, nic.Model, nic.Mac.ToString(), plugged.Link.ToString(), plugged.Address?.ToString())
        : new NicContract(nic.Id.ToString(), NicKind.User, nic.Model, nic.Mac.ToString(), Link: null, Address: null);
}

/// <param name="Id">Such as `vda`.</param>
/// <param name="Image">What the disk was made of.</param>
public sealed record DiskContract(string Id, string Image);

public sealed record GuestContract(string HostName, string OperatingSystem, string Kernel, IReadOnlyList<GuestInterfaceContract> Interfaces)
{
    internal static GuestContract Of(GuestFacts guest) => new(
        guest.HostName,
        guest.OperatingSystem,
        guest.Kernel,
        [.. guest.Interfaces.Select(i => new GuestInterfaceContract(i.Name, i.Mac, [.. i.Addresses]))]);
}

/// <param name="Addresses">With prefix length.</param>
public sealed record GuestInterfaceContract(string Name, string? Mac, IReadOnlyList<string> Addresses);

/// <param name="Title">One line.</param>
/// <param name="Detail">What is known, and what to do.</param>
public sealed record VmProblemContract(string Title, string Detail, DateTimeOffset At);
