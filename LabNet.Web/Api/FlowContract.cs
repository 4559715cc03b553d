using LabNet.Core.Feed;
using LabNet.Core.Traffic;

namespace LabNet.Web.Api;

/// <summary>What goes over a link now.</summary>
/// <param name="Flows">The 100 newest, the newest first.</param>
/// <param name="Known">Of how many flows something is known.</param>
/// <param name="Packets">Since LabNet started.</param>
/// <param name="Evicted">Flows that had to go before they were quiet for ten minutes, because there were more than 4,096.</param>
/// <param name="Gaps">How often packets were missed.</param>
/// <param name="NotCounted">NICs whose packets cannot be counted, and why.</param>
/// <param name="Enabled">Whether they are counted; `PUT` with `{"enabled": false}` ends it until LabNet is started anew.</param>
public sealed record FlowsContract(
    IReadOnlyList<FlowContract> Flows,
    int Known,
    long Packets,
    long Bytes,
    double PacketsPerSecond,
    double BytesPerSecond,
    long Evicted,
    long Gaps,
    IReadOnlyDictionary<string, string>? NotCounted,
    bool Enabled)
{
    internal static FlowsContract Of(FlowsChanged? flows, IReadOnlyDictionary<string, string>? notCounted, bool enabled) => flows is null
        ? new FlowsContract([], 0, 0, 0, 0, 0, 0, 0, notCounted, enabled)
        : new FlowsContract(
            [.. flows.Flows.Select(FlowContract.Of)],
            flows.Known,
            flows.Packets,
            flows.Bytes,
            flows.PacketsPerSecond,
            flows.BytesPerSecond,
            flows.Evicted,
            flows.Gaps,
            notCounted,
            enabled);
}

public sealed record FlowSwitchContract(bool Enabled);

/// <summary>Packets of one direction that belong together; counted where they are sent.</summary>
/// <param name="Vm">Whose NIC sent them.</param>
/// <param name="Protocol">TCP, UDP, ICMP, ICMPv6, ARP, VXLAN, IPv4, IPv6 or Ethernet.</param>
/// <param name="Source">An IP address; the MAC address where there is none.</param>
/// <param name="Bytes">Of whole frames.</param>
/// <param name="BytesPerSecond">In the last second.</param>
public sealed record FlowContract(
    string Vm,
    string Nic,
    string Protocol,
    string Source,
    int? SourcePort,
    string Destination,
    int? DestinationPort,
    long Packets,
    long Bytes,
    double PacketsPerSecond,
    double BytesPerSecond,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen)
{
    internal static FlowContract Of(FlowNow now) => new(
        now.Flow.From.Vm.ToString(),
        now.Flow.From.Nic,
        now.Flow.Key.Protocol,
        now.Flow.Key.SourceText,
        now.Flow.Key.SourcePort,
        now.Flow.Key.DestinationText,
        now.Flow.Key.DestinationPort,
        now.Flow.Packets,
        now.Flow.Bytes,
        now.PacketsPerSecond,
        now.BytesPerSecond,
        UnixTime.FromUnixTimeNs(now.Flow.FirstNs),
        UnixTime.FromUnixTimeNs(now.Flow.LastNs));
}

/// <summary>A flow within a minute of the past.</summary>
/// <param name="Minute">When the minute begins.</param>
/// <param name="Protocol">As of a flow; `others` for what found no room of its own in a flood of flows.</param>
public sealed record FlowMinuteContract(
    DateTimeOffset Minute,
    string Vm,
    string Nic,
    string Protocol,
    string Source,
    int? SourcePort,
    string Destination,
    int? DestinationPort,
    long Packets,
    long Bytes,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen)
{
    internal static FlowMinuteContract Of(FlowMinute flow) => new(
        UnixTime.FromUnixTimeNs(flow.MinuteNs),
        flow.From.Vm.ToString(),
        flow.From.Nic,
        flow.Protocol,
        flow.Source,
        flow.SourcePort,
        flow.Destination,
        flow.DestinationPort,
        flow.Packets,
        flow.Bytes,
        UnixTime.FromUnixTimeNs(flow.FirstNs),
        UnixTime.FromUnixTimeNs(flow.LastNs));
}

/// <summary>Pings of a pair of VMs within a stretch of time.</summary>
/// <param name="Time">When the stretch begins.</param>
/// <param name="RttMinMs">Of the medians of the rounds; null if nothing came back.</param>
/// <param name="Unmeasured">Rounds that could not be measured.</param>
public sealed record PingBinContract(
    string From, string To, DateTimeOffset Time, long Sent, long Received, double? RttMinMs, double? RttMeanMs, double? RttMaxMs, long Unmeasured)
{
    internal static PingBinContract Of(PingBin bin) => new(
        bin.From.ToString(),
        bin.To.ToString(),
        UnixTime.FromUnixTimeNs(bin.FromNs),
        bin.Sent,
        bin.Received,
        Ms(bin.RttMinNs),
        Ms(bin.RttMeanNs),
        Ms(bin.RttMaxNs),
        bin.Unmeasured);

    private static double? Ms(long? ns) => ns / 1e6;
}

/// <summary>The largest packet that gets from one VM to another.</summary>
/// <param name="FitsBytes">Of the whole IP packet; null if nothing got through.</param>
/// <param name="VanishesBytes">The smallest that vanished without an error; null if none did.</param>
/// <param name="RefusedBytes">The smallest that was refused with an error, as it should be; null if none was.</param>
/// <param name="BlackHole">Whether packets vanish that the sender takes for small enough.</param>
/// <param name="Told">The same in a sentence.</param>
/// <param name="Problem">Why it could not be measured; null if it was.</param>
public sealed record PathMtuContract(
    string From, string To, int? FitsBytes, int? VanishesBytes, int? RefusedBytes, bool BlackHole, string Told, string? Problem, DateTimeOffset MeasuredAt)
{
    internal static PathMtuContract Of(PathMtuMeasured mtu) => new(
        mtu.From.ToString(), mtu.To.ToString(), mtu.FitsBytes, mtu.VanishesBytes, mtu.RefusedBytes, mtu.IsBlackHole, mtu.Told, mtu.Problem, mtu.At);
}
