using System.Text.Json.Nodes;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>A VM's state changed; the whole new state.</summary>
public sealed record VmChanged(VmState State) : FeedItem
{
    public override string RetainedAs => "vm";
}

/// <summary>Something happened to a VM that its state does not tell for long.</summary>
public sealed record VmHappened(EventNote Told) : EventItem
{
    public override EventNote Note => Told;
}

/// <summary>QEMU sent an event.</summary>
public sealed record QmpEventSeen(QmpEvent Event) : EventItem
{
    public override EventNote Note => QmpEventText.Of(Event);
}

/// <summary>An operation started, went on or ended.</summary>
public sealed record OperationChanged(Operation Operation) : EventItem
{
    /// <summary>How far it has come is shown while it runs, and not kept.</summary>
    public override EventNote? Note => Operation switch
    {
        { State: OperationState.Running, Progress: null } => Told($"{Operation.Kind} began, asked for by {Operation.ActorName}."),
        { State: OperationState.Running } => null,
        { State: OperationState.Succeeded } => Told($"{Operation.Kind} succeeded."),
        { State: OperationState.Cancelled } => Told($"{Operation.Kind} was cancelled."),
        _ => Told($"{Operation.Kind} failed: {Operation.Error}"),
    };

    private EventNote Told(string text) => new(
        EventKind.Operation, Operation.Kind, text, Data: new JsonObject { ["operation"] = Operation.Id, ["state"] = Operation.State.ToString().ToLowerInvariant() }.ToJsonString());
}

/// <summary>A line was added to the audit log. What with is for admins, who read it there.</summary>
public sealed record AuditMarked(AuditLine Line) : EventItem
{
    public override EventNote Note => new(
        EventKind.Action, Line.Action, $"{Line.Actor} ({Line.Role}) asked by {Line.Origin} for {Line.Action}: {Line.Result}.", Line.At.ToUnixTimeNs());
}
