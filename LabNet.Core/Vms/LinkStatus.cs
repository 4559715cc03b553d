using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>A link's part on one host, as the kernel has it, or as the relay does.</summary>
/// <param name="Device">The VXLAN interface, or <c>relay</c>.</param>
/// <param name="MtuBytes">Null while the device is missing.</param>
/// <param name="Up">Whether bridge and VXLAN are up, or the relay is.</param>
/// <param name="Problem">What is wrong and what to do; null if nothing is.</param>
public sealed record LinkStatus(HostName Host, LinkName Link, string Device, int? MtuBytes, bool Up, string? Problem, LinkTransport Transport = LinkTransport.Vxlan);

/// <summary>A link's part on one host changed.</summary>
public sealed record LinkChanged(LinkStatus Status) : EventItem
{
    public override EventNote Note => new(
        EventKind.Link,
        Status.Up ? "up" : "down",
        Status.Up ? $"Link {Status.Link} is up on {Status.Host}, with an MTU of {Status.MtuBytes} bytes." : $"Link {Status.Link} on {Status.Host}: {Status.Problem}");

    public override string RetainedAs => Key(Status.Link, Status.Host);

    public static string Key(LinkName link, HostName host) => $"link/{link}/{host}";
}
