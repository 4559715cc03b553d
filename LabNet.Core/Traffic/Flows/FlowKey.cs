namespace LabNet.Core.Traffic;

/// <summary>Packets of one direction that belong together: from where to where, and for which program.</summary>
/// <param name="Protocol">The word: TCP, UDP, ICMP, ICMPv6, ARP, IPv4, IPv6, VXLAN or Ethernet.</param>
/// <param name="Number">IP's number of the protocol, or the Ethernet type where there is no IP.</param>
/// <param name="Source">None of what has no IP address.</param>
/// <param name="SourcePort">Null where there are no ports.</param>
/// <param name="EtherSource">Of what has no IP address; else 0.</param>
public readonly record struct FlowKey(
    string Protocol,
    int Number,
    PacketAddress Source,
    int? SourcePort,
    PacketAddress Destination,
    int? DestinationPort,
    ulong EtherSource = 0,
    ulong EtherDestination = 0)
{
    /// <summary>A piece of a packet behind the first has no ports, and is counted with those that have none.</summary>
    public static FlowKey Of(PacketHeaders headers)
    {
        var protocol = PacketSummary.ProtocolOf(headers);
        return headers.Source.Kind == PacketAddressKind.None
            ? new FlowKey(protocol, headers.EtherType, default, null, default, null, headers.EtherSource, headers.EtherDestination)
            : new FlowKey(protocol, headers.Protocol ?? headers.EtherType, headers.Source, headers.SourcePort, headers.Destination, headers.DestinationPort);
    }

    public string SourceText => Source.Kind == PacketAddressKind.None ? PacketSummary.Mac(EtherSource) : Source.ToString();

    public string DestinationText => Destination.Kind == PacketAddressKind.None ? PacketSummary.Mac(EtherDestination) : Destination.ToString();
}

/// <summary>What was seen of a flow.</summary>
/// <param name="From">The NIC that sent it.</param>
/// <param name="Bytes">Of whole frames.</param>
/// <param name="FirstNs">UTC nanoseconds since 1970.</param>
public sealed record Flow(CaptureNic From, FlowKey Key, long Packets, long Bytes, long FirstNs, long LastNs);
