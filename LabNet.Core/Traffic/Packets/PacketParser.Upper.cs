using System.Buffers.Binary;

namespace LabNet.Core.Traffic;

/// <summary>What stands behind IP.</summary>
public static partial class PacketParser
{
    private const int PortsBytes = 4;
    private const int TcpBytesMin = 20;
    private const int UdpBytes = 8;
    private const int IcmpBytes = 8;
    private const int VxlanBytes = 8;
    private const int VxlanPort = 4789;

    /// <summary>The bit that says that there is a VNI.</summary>
    private const byte VniIsThere = 0x08;

    /// <param name="packet">As far as it is there.</param>
    /// <param name="at">Where it begins, counted from IP's header.</param>
    /// <param name="length">As long as IP says that it is; not below 0.</param>
    private static PacketHeaders ReadUpper(PacketHeaders headers, ReadOnlySpan<byte> packet, int at, int length) => headers.Protocol switch
    {
        PacketHeaders.Tcp => ReadTcp(headers, packet, length),
        PacketHeaders.Udp => ReadUdp(headers, packet, at, length),
        PacketHeaders.Icmp or PacketHeaders.Icmp6 => ReadIcmp(headers, packet, length),
        _ => headers with { PayloadBytes = length },
    };

    private static PacketHeaders ReadTcp(PacketHeaders headers, ReadOnlySpan<byte> packet, int length)
    {
        headers = ReadPorts(headers, packet, length);
        if (packet.Length < TcpBytesMin)
        {
            return Short(headers, length, TcpBytesMin);
        }

        var header = (packet[12] >> 4) * 4;
        headers = headers with
        {
            TcpSequence = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
            TcpAcknowledgment = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]),
            TcpFlags = packet[13],
        };
        return header < TcpBytesMin || header > length ? headers with { IsMalformed = true } : headers with { PayloadBytes = length - header };
    }

    private static PacketHeaders ReadUdp(PacketHeaders headers, ReadOnlySpan<byte> packet, int at, int length)
    {
        headers = ReadPorts(headers, packet, length);
        if (packet.Length < UdpBytes)
        {
            return Short(headers, length, UdpBytes);
        }

        // A length of 0 is a jumbogram's.
        var said = (int)BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if ((said is > 0 and < UdpBytes) || said > length)
        {
            return headers with { IsMalformed = true };
        }

        headers = headers with { PayloadBytes = (said == 0 ? length : said) - UdpBytes };
        return headers.DestinationPort == VxlanPort ? ReadVxlan(headers, packet[UdpBytes..], at + UdpBytes) : headers;
    }

    /// <summary>What goes to the port and has another form is some other program's.</summary>
    private static PacketHeaders ReadVxlan(PacketHeaders headers, ReadOnlySpan<byte> packet, int at) =>
        packet.Length >= VxlanBytes && (packet[0] & VniIsThere) != 0
            ? headers with { Vni = (int)(BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) >> 8), InnerOffset = at + VxlanBytes }
            : headers;

    private static PacketHeaders ReadIcmp(PacketHeaders headers, ReadOnlySpan<byte> packet, int length)
    {
        if (packet.Length < 2)
        {
            return Short(headers, length, IcmpBytes);
        }

        headers = headers with { IcmpType = packet[0], IcmpCode = packet[1] };
        if (packet.Length < IcmpBytes)
        {
            return Short(headers, length, IcmpBytes);
        }

        headers = headers with { PayloadBytes = length - IcmpBytes };
        return IsEcho(headers)
            ? headers with { EchoId = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), EchoSequence = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) }
            : headers;
    }

    internal static bool IsEcho(PacketHeaders headers) => headers is { Protocol: PacketHeaders.Icmp, IcmpType: 0 or 8 } or { Protocol: PacketHeaders.Icmp6, IcmpType: 128 or 129 };

    private static PacketHeaders ReadPorts(PacketHeaders headers, ReadOnlySpan<byte> packet, int length) => packet.Length >= PortsBytes && length >= PortsBytes
        ? headers with { SourcePort = BinaryPrimitives.ReadUInt16BigEndian(packet), DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) }
        : headers;

    /// <summary>Either the bytes end too early, or IP's length says that there never were more.</summary>
    private static PacketHeaders Short(PacketHeaders headers, int length, int needed) =>
        length < needed ? headers with { IsMalformed = true } : headers with { IsCut = true };
}
