using LabNet.Web.Api;

namespace LabNet.Web.Hubs;

/// <summary>What a watcher wants; what is left out means all.</summary>
/// <param name="Vms">Only of these; what concerns the lab as a whole comes in any case.</param>
/// <param name="Kinds">Only these of <see cref="WatchMessage"/>; gaps come in any case.</param>
/// <param name="Metrics">Only these series, such as <c>vm_cpu{vcpu=0}</c>, or all of a metric by its name, such as <c>vm_cpu</c>.</param>
/// <param name="Fast">Whether the VMs are measured ten times a second meanwhile, instead of once.</param>
public sealed record WatchFilter(
    IReadOnlyList<string>? Vms = null, IReadOnlyList<string>? Kinds = null, IReadOnlyList<string>? Metrics = null, bool Fast = false);

/// <summary>One thing that the feed carried. Which of the members behind <paramref name="Time"/> is there goes by the kind.</summary>
/// <param name="Kind">`vm`, `metrics`, `qmpEvent`, `operation`, `incident`, `fault`, `chaosRun`, `trafficRun`, `link`, `ping`, `pathMtu`, `flows`, `capture`, `snapshot`, `traceBatch`, `event` or `gap`.</param>
/// <param name="Vm">Null for what concerns the lab.</param>
/// <param name="Seq">The feed's number, per VM, also over restarts of LabNet.</param>
/// <param name="Time">When it was published, for metrics when it was measured.</param>
public sealed record WatchMessage(string Kind, string? Vm, long Seq, DateTimeOffset Time)
{
    /// <summary>Of `vm`: its whole new state.</summary>
    public VmContract? State { get; init; }

    /// <summary>Of `metrics`: what the values are of; left out while it is the same as in the VM's message before.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>Of `metrics`: null for what this sample does not have.</summary>
    public IReadOnlyList<double?>? Values { get; init; }

    /// <summary>Of `metrics`: why something cannot be had; left out while it is the same as in the VM's message before.</summary>
    public IReadOnlyDictionary<string, string>? Missing { get; init; }

    /// <summary>Of `qmpEvent` and `event`: as in `/api/v1/events`.</summary>
    public EventContract? Event { get; init; }

    public OperationContract? Operation { get; init; }

    /// <summary>Of `incident`: a crash, or what became of it.</summary>
    public IncidentContract? Incident { get; init; }

    /// <summary>Of `trafficRun`: without its packets.</summary>
    public TrafficRunContract? TrafficRun { get; init; }

    /// <summary>Of `chaosRun`: the run as far as it has come.</summary>
    public ChaosRunContract? ChaosRun { get; init; }

    /// <summary>Of `chaosRun`: the newest line of its journal.</summary>
    public ChaosLineContract? ChaosLine { get; init; }

    /// <summary>Of `fault`: it came into force, was lifted or failed, or more was seen of it.</summary>
    public FaultContract? Fault { get; init; }

    public LinkHostContract? Link { get; init; }

    public PingContract? Ping { get; init; }

    /// <summary>Of `pathMtu`: the largest packet that gets from one VM to another.</summary>
    public WatchPathMtu? PathMtu { get; init; }

    /// <summary>Of `flows`: a link's flows as they are now, at most once a second.</summary>
    public WatchFlows? Flows { get; init; }

    /// <summary>Of `capture`: one began, has more packets, ended or was removed.</summary>
    public WatchCapture? Capture { get; init; }

    /// <summary>Of `snapshot`: a VM's snapshots changed; `/api/v1/vms/{vm}/snapshots` has them.</summary>
    public WatchSnapshots? Snapshots { get; init; }

    /// <summary>Of `traceBatch`: there are more trace events; `/api/v1/trace` has them.</summary>
    public WatchTrace? Trace { get; init; }

    /// <summary>Of `gap`: what this watcher was too slow for; `/api/v1/events` and `/metrics` have it.</summary>
    public WatchGap? Gap { get; init; }
}

/// <inheritdoc cref="PathMtuContract"/>
public sealed record WatchPathMtu(string Link, PathMtuContract Mtu)
{
    internal static WatchPathMtu Of(Core.Traffic.PathMtuMeasured mtu) => new(mtu.Link.ToString(), PathMtuContract.Of(mtu));
}

/// <inheritdoc cref="FlowsContract"/>
public sealed record WatchFlows(string Link, FlowsContract Flows)
{
    internal static WatchFlows Of(Core.Traffic.FlowsChanged flows) => new(flows.Link.ToString(), FlowsContract.Of(flows, notCounted: null, enabled: true));
}

/// <param name="Step">`began`, `wentOn`, `ended` or `removed`.</param>
public sealed record WatchCapture(string Step, CaptureContract Capture)
{
    internal static WatchCapture Of(Core.Traffic.Capture capture, Core.Traffic.CaptureStep step) =>
        new(step == Core.Traffic.CaptureStep.WentOn ? "wentOn" : step.ToString().ToLowerInvariant(), CaptureContract.Of(capture));
}

/// <summary>A VM's snapshots as a whole.</summary>
/// <param name="Count">Those that its disks hold.</param>
/// <param name="Current">The id of the one that it came from last; null for none, or where that is in doubt.</param>
/// <param name="UnderWay">`save`, `load`, `delete` or `look`; null for nothing.</param>
public sealed record WatchSnapshots(int Count, string? Current, string? UnderWay)
{
    internal static WatchSnapshots Of(Core.Snapshots.SnapshotTree tree) => new(
        tree.There.Count(), tree.HeadDoubt is null ? tree.Head?.Text : null, tree.Step?.Kind.ToString().ToLowerInvariant());
}

/// <summary>How far the taking over of a VM's trace events has come since LabNet started.</summary>
/// <param name="Unparsed">Lines of QEMU's log that are no event.</param>
/// <param name="FilteredOut">Events that no rule's filter let through.</param>
/// <param name="LastSeq">Of the newest event.</param>
/// <param name="Full">QEMU has no place to write to, and drops events.</param>
public sealed record WatchTrace(long Events, long Unparsed, long FilteredOut, long LastSeq, bool Full)
{
    internal static WatchTrace Of(Core.TraceEvents.TraceEventsSeen seen) => new(seen.Events, seen.Unparsed, seen.FilteredOut, seen.LastSequence, seen.IsFull);
}

/// <param name="FirstSeq">The first one missed.</param>
/// <param name="LastSeq">The last one missed; between them <paramref name="Records"/> are missing.</param>
public sealed record WatchGap(long FirstSeq, long LastSeq, long Records);
