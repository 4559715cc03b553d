namespace LabNet.Core.Traffic;

/// <summary>What a packet's headers say, as far as they are there. Numbers as they stand in the packet: a hostile one says what it likes.</summary>
/// <remarks><see cref="PacketParser"/> reads it.</remarks>
public readonly record struct PacketHeaders
{
    public const ushort Ipv4Type = 0x0800;
    public const ushort ArpType = 0x0806;
    public const ushort Ipv6Type = 0x86dd;

    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Icmp6 = 58;

    /// <summary>The six bytes of the address, the first one highest.</summary>
    public ulong EtherDestination { get; init; }

    /// <inheritdoc cref="EtherDestination"/>
    public ulong EtherSource { get; init; }

    /// <summary>Behind all VLAN tags; below 1536 it is a length (IEEE 802.3).</summary>
    public ushort EtherType { get; init; }

    /// <summary>Of the outermost tag; null without one.</summary>
    public int? Vlan { get; init; }

    public PacketAddress Source { get; init; }

    public PacketAddress Destination { get; init; }

    /// <summary>The upper layer's, by IANA's numbers, behind all extension headers; null where there is no IP, or it was not reached.</summary>
    public byte? Protocol { get; init; }

    /// <summary>A piece of a packet that is not its first: it has no ports.</summary>
    public bool IsLaterFragment { get; init; }

    /// <summary>Of TCP and UDP.</summary>
    public int? SourcePort { get; init; }

    /// <inheritdoc cref="SourcePort"/>
    public int? DestinationPort { get; init; }

    public byte? TcpFlags { get; init; }

    public uint? TcpSequence { get; init; }

    public uint? TcpAcknowledgment { get; init; }

    /// <summary>Of ICMP and ICMPv6.</summary>
    public byte? IcmpType { get; init; }

    public byte? IcmpCode { get; init; }

    /// <summary>Of an echo request or reply.</summary>
    public int? EchoId { get; init; }

    /// <inheritdoc cref="EchoId"/>
    public int? EchoSequence { get; init; }

    /// <summary>1 asks, 2 answers; null of what is no ARP for IPv4 over Ethernet. The addresses are in <see cref="Source"/> and <see cref="Destination"/>.</summary>
    public int? ArpOperation { get; init; }

    /// <summary>How many bytes the upper layer carries, as the lengths in the headers say; null where they do not.</summary>
    public int? PayloadBytes { get; init; }

    /// <summary>The network identifier of a VXLAN packet (RFC 7348); null of others.</summary>
    public int? Vni { get; init; }

    /// <summary>Where in the frame the one begins that VXLAN carries; 0 without one.</summary>
    public int InnerOffset { get; init; }

    /// <summary>A header goes on behind the bytes that are there.</summary>
    public bool IsCut { get; init; }

    /// <summary>A length or a version contradicts the rest.</summary>
    public bool IsMalformed { get; init; }
}
