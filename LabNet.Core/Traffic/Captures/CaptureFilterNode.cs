namespace LabNet.Core.Traffic;

/// <summary>A part of a capture's filter.</summary>
internal abstract record CaptureFilterNode
{
    public abstract bool Matches(PacketHeaders headers, int bytes);
}

internal sealed record CaptureFilterAnd(CaptureFilterNode Left, CaptureFilterNode Right) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => Left.Matches(headers, bytes) && Right.Matches(headers, bytes);
}

internal sealed record CaptureFilterOr(CaptureFilterNode Left, CaptureFilterNode Right) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => Left.Matches(headers, bytes) || Right.Matches(headers, bytes);
}

internal sealed record CaptureFilterNot(CaptureFilterNode Inner) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => !Inner.Matches(headers, bytes);
}

/// <summary>Which of a packet's two ends are looked at.</summary>
internal enum CaptureSide
{
    Either,
    Source,
    Destination,
}

/// <summary>Whether the packet is of a protocol, by its word.</summary>
internal sealed record CaptureFilterProtocol(string Word) : CaptureFilterNode
{
    /// <summary>Words that stand for themselves.</summary>
    public static readonly IReadOnlyList<string> Words = ["arp", "ip", "ip6", "icmp", "icmp6", "tcp", "udp", "broadcast", "multicast", "fragment"];

    private const ulong Broadcast = 0xffff_ffff_ffff;
    private const ulong GroupBit = 0x0100_0000_0000;

    public override bool Matches(PacketHeaders headers, int bytes) => Word switch
    {
        "arp" => headers.EtherType == PacketHeaders.ArpType,
        "ip" => headers.EtherType == PacketHeaders.Ipv4Type,
        "ip6" => headers.EtherType == PacketHeaders.Ipv6Type,
        "icmp" => headers.Protocol == PacketHeaders.Icmp,
        "icmp6" => headers.Protocol == PacketHeaders.Icmp6,
        "tcp" => headers.Protocol == PacketHeaders.Tcp,
        "udp" => headers.Protocol == PacketHeaders.Udp,
        "broadcast" => headers.EtherDestination == Broadcast,
        "multicast" => (headers.EtherDestination & GroupBit) != 0,
        "fragment" => headers.IsLaterFragment,
        _ => throw new InvalidOperationException($"{Word} is no protocol."),
    };
}

/// <param name="Protocol">Null for that of either.</param>
internal sealed record CaptureFilterPort(byte? Protocol, CaptureSide Side, int First, int Last) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) =>
        (Protocol is null || headers.Protocol == Protocol)
        && ((Side != CaptureSide.Destination && headers.SourcePort >= First && headers.SourcePort <= Last)
            || (Side != CaptureSide.Source && headers.DestinationPort >= First && headers.DestinationPort <= Last));
}

internal sealed record CaptureFilterNetwork(CaptureSide Side, PacketAddress Network, int PrefixLength) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) =>
        (Side != CaptureSide.Destination && headers.Source.IsIn(Network, PrefixLength)) || (Side != CaptureSide.Source && headers.Destination.IsIn(Network, PrefixLength));
}

internal sealed record CaptureFilterMac(CaptureSide Side, ulong Address) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) =>
        (Side != CaptureSide.Destination && headers.EtherSource == Address) || (Side != CaptureSide.Source && headers.EtherDestination == Address);
}

internal sealed record CaptureFilterEtherType(int Type) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => headers.EtherType == Type;
}

internal sealed record CaptureFilterIpProtocol(int Number) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => headers.Protocol == Number;
}

/// <param name="Id">Null for any.</param>
internal sealed record CaptureFilterVlan(int? Id) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => headers.Vlan is { } vlan && (Id is null || vlan == Id);
}

/// <param name="Vni">Null for any.</param>
internal sealed record CaptureFilterVxlan(int? Vni) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => headers.Vni is { } vni && (Vni is null || vni == Vni);
}

internal sealed record CaptureFilterLength(int Least, int Most) : CaptureFilterNode
{
    public override bool Matches(PacketHeaders headers, int bytes) => bytes >= Least && bytes <= Most;
}
