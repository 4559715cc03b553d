using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/machine.json, and of qapi/control.json, qapi/char.json and qapi/job.json what every session needs.</summary>
public static class MachineCommands
{
    /// <summary>Ends the negotiation; the connection sends it by itself.</summary>
    public static readonly QmpCommand<QmpNothing> Capabilities = new("qmp_capabilities", QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<VersionInfo> QueryVersion = new("query-version", QmpJson.Default.VersionInfo);
    public static readonly QmpCommand<KvmInfo> QueryKvm = new("query-kvm", QmpJson.Default.KvmInfo);
    public static readonly QmpCommand<ChardevInfo[]> QueryChardev = new("query-chardev", QmpJson.Default.ChardevInfoArray);
    public static readonly QmpCommand<JobInfo[]> QueryJobs = new("query-jobs", QmpJson.Default.JobInfoArray);
    public static readonly QmpCommand<CpuInfoFast[]> QueryCpusFast = new("query-cpus-fast", QmpJson.Default.CpuInfoFastArray);
    public static readonly QmpCommand<TargetInfo> QueryTarget = new("query-target", QmpJson.Default.TargetInfo);
    public static readonly QmpCommand<UuidInfo> QueryUuid = new("query-uuid", QmpJson.Default.UuidInfo);

    public static readonly QmpCommand<CurrentMachineParams> QueryCurrentMachine =
        new("query-current-machine", QmpJson.Default.CurrentMachineParams);

    public static readonly QmpCommand<MemorySizeSummary> QueryMemorySizeSummary =
        new("query-memory-size-summary", QmpJson.Default.MemorySizeSummary);

    /// <summary>QEMU refuses it where there is no balloon device (class DeviceNotActive) or no KVM MMU.</summary>
    public static readonly QmpCommand<BalloonInfo> QueryBalloon = new("query-balloon", QmpJson.Default.BalloonInfo);

    /// <summary>Asks the guest's balloon driver to leave it so many bytes; it takes its time.</summary>
    public static readonly QmpCommand<BalloonArguments, QmpNothing> Balloon =
        new("balloon", QmpJson.Default.BalloonArguments, QmpJson.Default.QmpNothing);

    /// <summary>A non-maskable interrupt for the guest. Not every machine has one: aarch64's virt has none.</summary>
    public static readonly QmpCommand<QmpNothing> InjectNmi = new("inject-nmi", QmpJson.Default.QmpNothing);

    /// <summary>Interrupts by controller and pin, as text; MSI never appears there, and on aarch64 there is none.</summary>
    public static readonly QmpCommand<HumanReadableText> QueryIrq = new("x-query-irq", QmpJson.Default.HumanReadableText);

    /// <summary>KVM's counters; under TCG an empty list.</summary>
    public static readonly QmpCommand<StatsTargetArguments, StatsResult[]> QueryStats =
        new("query-stats", QmpJson.Default.StatsTargetArguments, QmpJson.Default.StatsResultArray);

    /// <summary>ROM images and where in the guest's memory they lie, as text.</summary>
    public static readonly QmpCommand<HumanReadableText> QueryRoms = new("x-query-roms", QmpJson.Default.HumanReadableText);

    /// <summary>The blocks of the host's memory that a VM's RAM and ROM are made of, as text.</summary>
    public static readonly QmpCommand<HumanReadableText> QueryRamBlocks = new("x-query-ramblock", QmpJson.Default.HumanReadableText);
}

public sealed record VersionInfo(VersionTriple Qemu, string Package);

public sealed record VersionTriple(int Major, int Minor, int Micro)
{
    public Version ToVersion() => new(Major, Minor, Micro);
}

/// <param name="Enabled">Whether this VM runs under KVM.</param>
/// <param name="Present">Whether this QEMU was built with KVM.</param>
public sealed record KvmInfo(bool Enabled, bool Present);

/// <param name="FrontendOpen">Whether the guest has the device behind the character device open.</param>
public sealed record ChardevInfo(string Label, string Filename, bool FrontendOpen);

/// <param name="Status">QEMU's JobStatus: created, running, paused, ready, standby, waiting, pending, aborting, concluded, null.</param>
/// <param name="Error">Set when the job failed: the command that started it has answered without error.</param>
public sealed record JobInfo(string Id, string Type, string Status, long CurrentProgress, long TotalProgress, string? Error = null);

/// <param name="QomPath">The vCPU as an object, such as <c>/machine/unattached/device[0]</c>.</param>
/// <param name="ThreadId">The host's thread, as in /proc/PID/task.</param>
/// <param name="Target">QEMU's SysEmuTarget, such as <c>x86_64</c>.</param>
public sealed record CpuInfoFast(int CpuIndex, string QomPath, int ThreadId, string Target, CpuInstanceProperties? Props = null);

/// <summary>Where a vCPU sits; which of these a machine tells depends on its architecture.</summary>
public sealed record CpuInstanceProperties(
    int? NodeId = null, int? SocketId = null, int? DieId = null, int? ClusterId = null, int? CoreId = null, int? ThreadId = null);

/// <param name="Arch">The guest's architecture in QEMU's word, such as <c>aarch64</c>.</param>
public sealed record TargetInfo(string Arch);

/// <param name="Uuid">All zeroes when none was given.</param>
public sealed record UuidInfo([property: JsonPropertyName("UUID")] string Uuid);

/// <param name="WakeupSuspendSupport">Whether the guest can be woken from suspend.</param>
public sealed record CurrentMachineParams(bool WakeupSuspendSupport);

/// <param name="BaseMemory">Bytes at the start.</param>
/// <param name="PluggedMemory">Bytes plugged in since; null where the machine has no memory hot-plug.</param>
public sealed record MemorySizeSummary(long BaseMemory, long? PluggedMemory = null);

/// <param name="Actual">Bytes that the balloon leaves to the guest.</param>
public sealed record BalloonInfo(long Actual);

/// <param name="Value">Bytes that the guest is to be left with.</param>
public sealed record BalloonArguments(long Value);

/// <summary>qapi/common.json: what QEMU writes for people; unstable from version to version.</summary>
public sealed record HumanReadableText([property: JsonPropertyName("human-readable-text")] string Text);

/// <param name="Target">QEMU's StatsTarget: <c>vm</c>, <c>vcpu</c>.</param>
public sealed record StatsTargetArguments(string Target);

/// <summary>qapi/stats.json.</summary>
/// <param name="Provider">Such as <c>kvm</c>.</param>
/// <param name="QomPath">Whose, such as a vCPU's; null for the VM.</param>
public sealed record StatsResult(string Provider, Stats[] Stats, string? QomPath = null);

/// <param name="Value">A number, a flag, or a list of numbers (a histogram).</param>
public sealed record Stats(string Name, JsonElement Value);
