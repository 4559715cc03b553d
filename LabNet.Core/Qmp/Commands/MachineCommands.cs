namespace LabNet.Core.Qmp;

/// <summary>qapi/control.json, qapi/machine.json, qapi/char.json, qapi/job.json and qapi/block-core.json, as far as every session needs them.</summary>
public static class MachineCommands
{
    /// <summary>Ends the negotiation; the connection sends it by itself.</summary>
    public static readonly QmpCommand<QmpNothing> Capabilities = new("qmp_capabilities", QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<VersionInfo> QueryVersion = new("query-version", QmpJson.Default.VersionInfo);
    public static readonly QmpCommand<KvmInfo> QueryKvm = new("query-kvm", QmpJson.Default.KvmInfo);
    public static readonly QmpCommand<ChardevInfo[]> QueryChardev = new("query-chardev", QmpJson.Default.ChardevInfoArray);
    public static readonly QmpCommand<JobInfo[]> QueryJobs = new("query-jobs", QmpJson.Default.JobInfoArray);
    public static readonly QmpCommand<CpuInfoFast[]> QueryCpusFast = new("query-cpus-fast", QmpJson.Default.CpuInfoFastArray);

    public static readonly QmpCommand<NamedBlockNode[]> QueryNamedBlockNodes =
        new("query-named-block-nodes", QmpJson.Default.NamedBlockNodeArray);
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

/// <param name="ThreadId">The host's thread, as in /proc/PID/task.</param>
public sealed record CpuInfoFast(int CpuIndex, string QomPath, int ThreadId);

/// <param name="NodeName">The block node's name, as <c>blockdev-add</c> had it.</param>
public sealed record NamedBlockNode(string NodeName, string Drv, bool Ro, string File);
