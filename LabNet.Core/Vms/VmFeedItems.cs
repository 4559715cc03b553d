using LabNet.Core.Feed;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>A VM's state changed; the whole new state.</summary>
public sealed record VmChanged(VmState State) : FeedItem
{
    public override string RetainedAs => "vm";
}

/// <summary>QEMU sent an event.</summary>
public sealed record QmpEventSeen(QmpEvent Event) : FeedItem;

/// <summary>An operation started, went on or ended.</summary>
public sealed record OperationChanged(Operation Operation) : FeedItem;
