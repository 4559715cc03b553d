using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>One VM pinged another over a link, from inside the guest.</summary>
/// <param name="PacketBytes">The size of the IP packet; sent with "don't fragment", so that it proves the path's MTU.</param>
/// <param name="RttMs">The median round trip in milliseconds; null if nothing came back.</param>
/// <param name="Problem">Why it could not be measured ("the guest agent of arm does not answer"); null if it was.</param>
public sealed record PingMeasured(
    LinkName Link, VmName From, VmName To, int Sent, int Received, int PacketBytes, double? RttMs, string? Problem, DateTimeOffset At) : FeedItem
{
    public override string RetainedAs => $"ping/{Link}/{From}/{To}";
}
