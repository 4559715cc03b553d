using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>A layer-2 segment between the lab's hosts.</summary>
/// <param name="Vni">VXLAN network identifier.</param>
/// <param name="Port">UDP port in the underlay.</param>
/// <param name="Transport"><c>vxlan</c>: the kernel carries it. <c>relay</c>: LabNet's own relay does.</param>
/// <param name="Hosts">The link's part on each host that LabNet has looked at.</param>
/// <param name="Nics">What is plugged in.</param>
public sealed record LinkContract(string Name, int Vni, int Port, string Transport, IReadOnlyList<LinkHostContract> Hosts, IReadOnlyList<LinkNicContract> Nics)
{
    internal static LinkContract Of(Link link, Lab lab, LiveFeed feed) => new(
        link.Name.ToString(),
        link.Vni,
        link.Port,
        (link.IsByRelay ? LinkTransport.Relay : LinkTransport.Vxlan).Word(),
        [.. Retained.In<LinkChanged>(feed, change => change.Status.Link == link.Name).Select(change => LinkHostContract.Of(change.Status))],
        [.. lab.Vms.SelectMany(vm => vm.Nics.OfType<LinkNic>()
            .Where(nic => nic.Link == link.Name)
            .Select(nic => new LinkNicContract(vm.Name.ToString(), nic.Id.ToString(), nic.Mac.ToString(), nic.Address?.ToString())))]);
}

/// <param name="Device">The VXLAN interface, or <c>relay</c>.</param>
/// <param name="MtuBytes">Null while the device is missing.</param>
/// <param name="Up">Whether bridge and VXLAN are up, or the relay is.</param>
/// <param name="Problem">What is wrong and what to do; null if nothing is.</param>
public sealed record LinkHostContract(string Host, string Device, int? MtuBytes, bool Up, string? Problem)
{
    internal static LinkHostContract Of(LinkStatus status) =>
        new(status.Host.ToString(), status.Device, status.MtuBytes, status.Up, status.Problem);
}

public sealed record LinkNicContract(string Vm, string Nic, string Mac, string? Address);

/// <summary>The newest measurement of one VM pinging another.</summary>
/// <param name="PacketBytes">Size of the IP packets, sent with "don't fragment".</param>
/// <param name="RttMs">The median round trip; null if nothing came back.</param>
/// <param name="Problem">Why it could not be measured; null if it was.</param>
public sealed record PingContract(
    string From, string To, int Sent, int Received, int PacketBytes, double? RttMs, string? Problem, DateTimeOffset MeasuredAt)
{
    internal static PingContract Of(PingMeasured ping) => new(
        ping.From.ToString(), ping.To.ToString(), ping.Sent, ping.Received, ping.PacketBytes, ping.RttMs, ping.Problem, ping.At);
}

internal static class Retained
{
    /// <summary>The newest record of each state of this kind.</summary>
    public static IEnumerable<TItem> In<TItem>(LiveFeed feed, Func<TItem, bool> wanted) where TItem : FeedItem
    {
        using var subscription = feed.Subscribe(record => record.Item is TItem item && wanted(item), capacity: 1);
        return [.. subscription.Snapshot.Select(record => (TItem)record.Item)];
    }
}
