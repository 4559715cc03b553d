using System.Text.Json.Nodes;
using LabNet.Core.Feed;

namespace LabNet.Core.Snapshots;

/// <summary>A VM's snapshots changed; the whole new tree.</summary>
public sealed record SnapshotsChanged(SnapshotTree Tree) : FeedItem
{
    public override string RetainedAs => "snapshots";
}

/// <summary>Something happened to a VM's snapshots, for the history.</summary>
public sealed record SnapshotTold(string Name, string Text, SnapshotTimes? Times = null) : EventItem
{
    public override EventNote Note => new(EventKind.Snapshot, Name, Text, Data: Times is { } times
        ? new JsonObject
        {
            ["describedMs"] = times.Described.TotalMilliseconds,
            ["guestMs"] = times.Guest.TotalMilliseconds,
            ["jobMs"] = times.Job.TotalMilliseconds,
            ["totalMs"] = times.Total.TotalMilliseconds,
        }.ToJsonString()
        : null);
}
