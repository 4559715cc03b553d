namespace LabNet.Core.Feed;

/// <summary>What sort of thing an event of the history is; the words by which one filters.</summary>
public static class EventKind
{
    /// <summary>QEMU sent an event.</summary>
    public const string Qmp = "qmp";

    /// <summary>A background job of QEMU went from one state to another.</summary>
    public const string Job = "job";

    /// <summary>The connection to QEMU's monitor.</summary>
    public const string Connection = "connection";

    /// <summary>The QEMU process: started, adopted, ended.</summary>
    public const string Process = "process";

    /// <summary>The guest, by its agent.</summary>
    public const string Guest = "guest";

    /// <summary>The machine's devices.</summary>
    public const string Device = "device";

    /// <summary>A snapshot was taken, restored, deleted or found.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>A VM crashed, or what became of that.</summary>
    public const string Incident = "incident";

    /// <summary>Something was broken on purpose, or is whole again.</summary>
    public const string Fault = "fault";

    /// <summary>A run of a chaos plan.</summary>
    public const string Chaos = "chaos";

    /// <summary>Packets that were sent from one guest to another on purpose.</summary>
    public const string Traffic = "traffic";

    /// <summary>Somebody asked for something; as in the audit log.</summary>
    public const string Action = "action";

    /// <summary>An operation began or ended.</summary>
    public const string Operation = "operation";

    /// <summary>A link of the lab.</summary>
    public const string Link = "link";

    /// <summary>Packets of a NIC were captured.</summary>
    public const string Capture = "capture";

    /// <summary>Something is missing here, and why.</summary>
    public const string Gap = "gap";

    /// <summary>The host's clock was set.</summary>
    public const string Clock = "clock";

    /// <summary>LabNet's own databases.</summary>
    public const string Storage = "storage";

    public static IReadOnlyList<string> All { get; } = [Qmp, Job, Connection, Process, Guest, Device, Snapshot, Incident, Fault, Chaos, Traffic, Action, Operation, Link, Capture, Gap, Clock, Storage];
}

/// <summary>What an item says in the history.</summary>
/// <param name="Kind">One of <see cref="EventKind"/>.</param>
/// <param name="Name">A word for programs, such as <c>STOP</c> or <c>connected</c>.</param>
/// <param name="Text">A sentence for people; may hold what a guest or QEMU said.</param>
/// <param name="TimeNs">When it happened, by the clock of whoever saw it; null if that is when it was published.</param>
/// <param name="Data">More of it, as JSON; null for nothing.</param>
public sealed record EventNote(string Kind, string Name, string Text, long? TimeNs = null, string? Data = null);

/// <summary>An item that may be kept in the history.</summary>
public abstract record EventItem : FeedItem
{
    /// <summary>Null if this one is not kept. Asked for when it is written, not when it is published.</summary>
    public abstract EventNote? Note { get; }
}
