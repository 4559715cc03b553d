using System.Globalization;

namespace LabNet.Core.Traffic;

/// <summary>A packet in one line, for people. Plain ASCII of our own making: nothing that a packet carries stands in it as text.</summary>
public static class PacketSummary
{
    /// <summary>A VXLAN packet can carry a VXLAN packet, and so on as far as a frame reaches.</summary>
    private const int NestedMax = 2;

    private static readonly (byte Bit, string Word)[] TcpFlags =
        [(0x02, "SYN"), (0x01, "FIN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG"), (0x40, "ECE"), (0x80, "CWR")];

    private static readonly Dictionary<int, string> IcmpTypes = new()
    {
        [0] = "echo reply",
        [3] = "destination unreachable",
        [4] = "source quench",
        [5] = "redirect",
        [8] = "echo request",
        [9] = "router advertisement",
        [10] = "router solicitation",
        [11] = "time exceeded",
        [12] = "parameter problem",
        [13] = "timestamp request",
        [14] = "timestamp reply",
    };

    private static readonly Dictionary<int, string> Icmp6Types = new()
    {
        [1] = "destination unreachable",
        [2] = "packet too big",
        [3] = "time exceeded",
        [4] = "parameter problem",
        [128] = "echo request",
        [129] = "echo reply",
        [130] = "multicast listener query",
        [131] = "multicast listener report",
        [132] = "multicast listener done",
        [133] = "router solicitation",
        [134] = "router advertisement",
        [135] = "neighbor solicitation",
        [136] = "neighbor advertisement",
        [137] = "redirect",
        [143] = "multicast listener report v2",
    };

    /// <param name="frame">As far as it was captured.</param>
    public static string Of(ReadOnlySpan<byte> frame) => Of(frame, depth: 0);

    /// <summary>The word for the layer that says most: ARP, ICMP, TCP, …</summary>
    public static string ProtocolOf(PacketHeaders headers) => headers switch
    {
        { Vni: not null } => "VXLAN",
        { EtherType: PacketHeaders.ArpType } => "ARP",
        { Protocol: PacketHeaders.Tcp } => "TCP",
        { Protocol: PacketHeaders.Udp } => "UDP",
        { Protocol: PacketHeaders.Icmp } => "ICMP",
        { Protocol: PacketHeaders.Icmp6 } => "ICMPv6",
        { EtherType: PacketHeaders.Ipv4Type } => "IPv4",
        { EtherType: PacketHeaders.Ipv6Type } => "IPv6",
        _ => "Ethernet",
    };

    private static string Of(ReadOnlySpan<byte> frame, int depth)
    {
        var headers = PacketParser.Parse(frame);
        var doubt = headers.IsMalformed ? " (malformed)" : headers.IsCut ? " (cut off)" : "";
        var vlan = headers.Vlan is { } id ? $"VLAN {id}, " : "";
        return vlan + Line(headers, frame, depth) + doubt;
    }

    private static string Line(PacketHeaders headers, ReadOnlySpan<byte> frame, int depth) => ProtocolOf(headers) switch
    {
        "VXLAN" when depth < NestedMax => $"VXLAN {headers.Vni}: {Of(frame[Math.Min(headers.InnerOffset, frame.Length)..], depth + 1)}",
        "VXLAN" => $"VXLAN {headers.Vni}: a frame within frames",
        "ARP" => Arp(headers),
        "TCP" => Text($"TCP {Between(headers)}{Tcp(headers)}{Payload(headers)}"),
        "UDP" => Text($"UDP {Between(headers)}{Fragment(headers)}{Payload(headers)}"),
        "ICMP" => Icmp(headers, "ICMP", IcmpTypes),
        "ICMPv6" => Icmp(headers, "ICMPv6", Icmp6Types),
        "IPv4" or "IPv6" => Text($"{ProtocolOf(headers)} {Between(headers)}{(headers.Protocol is { } protocol ? $", protocol {protocol}" : "")}{Fragment(headers)}{Payload(headers)}"),
        _ => headers.EtherType < 1536 && frame.Length >= 14
            ? Text($"802.3 {Mac(headers.EtherSource)} > {Mac(headers.EtherDestination)}, length {headers.EtherType}")
            : Text($"Ethernet {Mac(headers.EtherSource)} > {Mac(headers.EtherDestination)}, type 0x{headers.EtherType:x4}"),
    };

    private static string Arp(PacketHeaders headers) => headers.ArpOperation switch
    {
        1 => $"ARP who has {headers.Destination}? {headers.Source} asks",
        2 => $"ARP {headers.Source} is at {Mac(headers.EtherSource)}",
        { } other => Text($"ARP operation {other}, {headers.Source} > {headers.Destination}"),
        null => "ARP",
    };

    private static string Icmp(PacketHeaders headers, string name, Dictionary<int, string> types)
    {
        var type = headers.IcmpType is not { } number ? "" : " " + types.GetValueOrDefault(number, Text($"type {number}"));
        var code = headers is { IcmpCode: > 0 } ? Text($" code {headers.IcmpCode}") : "";
        var echo = headers is { EchoId: { } id, EchoSequence: { } sequence } ? Text($" id={id} seq={sequence}") : "";
        return $"{name}{type}{code} {Between(headers)}{echo}{Fragment(headers)}{Payload(headers)}";
    }

    private static string Tcp(PacketHeaders headers)
    {
        if (headers.TcpFlags is not { } flags)
        {
            return Fragment(headers);
        }

        var acknowledged = (flags & 0x10) != 0 ? Text($" ack={headers.TcpAcknowledgment}") : "";
        return Text($" [{string.Join(' ', TcpFlags.Where(flag => (flags & flag.Bit) != 0).Select(flag => flag.Word))}] seq={headers.TcpSequence}{acknowledged}");
    }

    private static string Between(PacketHeaders headers) => $"{headers.Source.With(headers.SourcePort)} > {headers.Destination.With(headers.DestinationPort)}";

    private static string Fragment(PacketHeaders headers) => headers.IsLaterFragment ? ", a later fragment" : "";

    private static string Payload(PacketHeaders headers) => headers.PayloadBytes is { } bytes ? Text($", {bytes} bytes") : "";

    internal static string Mac(ulong address) => string.Create(
        CultureInfo.InvariantCulture,
        $"{address >> 40 & 0xff:x2}:{address >> 32 & 0xff:x2}:{address >> 24 & 0xff:x2}:{address >> 16 & 0xff:x2}:{address >> 8 & 0xff:x2}:{address & 0xff:x2}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
