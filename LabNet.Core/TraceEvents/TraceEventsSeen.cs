using LabNet.Core.Feed;

namespace LabNet.Core.TraceEvents;

/// <summary>How far the taking over of a VM's trace events has come, since LabNet started.</summary>
/// <param name="Unparsed">Lines of QEMU's log that are no event; they are kept as well.</param>
/// <param name="FilteredOut">Events that no capture rule's filter let through.</param>
/// <param name="LastSequence">Of the newest event.</param>
/// <param name="HandedOnSequence">Up to there, what is to be kept is on its way into the history.</param>
/// <param name="IsFull">QEMU has no place to write to, and drops events.</param>
/// <param name="TimesFull">How often that was so. QEMU does not count what it drops.</param>
public sealed record TraceEventsSeen(long Events, long Unparsed, long FilteredOut, long LastSequence, long HandedOnSequence, bool IsFull, int TimesFull) : FeedItem
{
    public override string RetainedAs => "trace-events";
}
