using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>A flow with how fast it is now.</summary>
/// <param name="PacketsPerSecond">Since it was told last.</param>
/// <param name="BytesPerSecond">The same.</param>
public sealed record FlowNow(Flow Flow, double PacketsPerSecond, double BytesPerSecond);

/// <summary>What goes over a link: the newest flows, and sums of all. At most once a second.</summary>
/// <param name="Flows">The newest ones first; each counted where it is sent.</param>
/// <param name="Known">How many flows are known; <paramref name="Flows"/> are some of them.</param>
/// <param name="Packets">Since LabNet started.</param>
/// <param name="Evicted">Flows that had to go before they were quiet for long, because there were too many.</param>
/// <param name="Gaps">How often packets were missed.</param>
public sealed record FlowsChanged(
    LinkName Link,
    ImmutableArray<FlowNow> Flows,
    int Known,
    long Packets,
    long Bytes,
    double PacketsPerSecond,
    double BytesPerSecond,
    long Evicted,
    long Gaps) : FeedItem
{
    public override string RetainedAs => Key(Link);

    public static string Key(LinkName link) => $"flows/{link}";
}
