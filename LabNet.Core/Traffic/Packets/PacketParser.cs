using System.Buffers.Binary;

namespace LabNet.Core.Traffic;

/// <summary>
/// Reads the headers of an Ethernet frame: IEEE 802.3 and 802.1Q, ARP (RFC 826), IPv4 (RFC 791), IPv6 with its extension headers (RFC 8200), ICMP
/// (RFC 792, 4443), TCP (RFC 9293), UDP (RFC 768), VXLAN (RFC 7348).
/// <code>
/// frame = DESTINATION(6) SOURCE(6) *2( tag ) TYPE(2) payload
/// tag   = %x8100 / %x88A8 / %x9100, TCI(2)
/// </code>
/// Whatever the bytes are, it throws nothing and looks at each of them a few times at most.
/// </summary>
public static partial class PacketParser
{
    private const int EtherBytes = 14;
    private const int TagBytes = 4;
    private const int TagsMax = 2;
    private const int ArpBytes = 28;
    private const int Ipv4BytesMin = 20;
    private const int Ipv6Bytes = 40;

    /// <summary>RFC 8200 has six, once each but one; a packet that has many is meant to cost time.</summary>
    private const int ExtensionsMax = 8;

    /// <param name="frame">From the destination's address on, without a checksum at its end; may be cut anywhere.</param>
    public static PacketHeaders Parse(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EtherBytes)
        {
            return new PacketHeaders { IsCut = true };
        }

        var headers = new PacketHeaders { EtherDestination = Address(frame), EtherSource = Address(frame[6..]) };
        var at = EtherBytes - 2;
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        for (var tags = 0; tags < TagsMax && type is 0x8100 or 0x88a8 or 0x9100; tags++)
        {
            if (frame.Length < at + TagBytes + 2)
            {
                return headers with { EtherType = type, IsCut = true };
            }

            headers = headers with { Vlan = headers.Vlan ?? (BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 2)..]) & 0xfff) };
            at += TagBytes;
            type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        }

        headers = headers with { EtherType = type };
        var payload = frame[(at + 2)..];
        headers = type switch
        {
            PacketHeaders.ArpType => ReadArp(headers, payload),
            PacketHeaders.Ipv4Type => ReadIpv4(headers, payload),
            PacketHeaders.Ipv6Type => ReadIpv6(headers, payload),
            _ => headers,
        };

        // So far it counts from the payload's begin.
        return headers.InnerOffset > 0 ? headers with { InnerOffset = headers.InnerOffset + at + 2 } : headers;
    }

    private static ulong Address(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    private static PacketHeaders ReadArp(PacketHeaders headers, ReadOnlySpan<byte> arp)
    {
        if (arp.Length < ArpBytes)
        {
            return headers with { IsCut = true };
        }

        // Ethernet, IPv4, and the lengths of their addresses; others are not ours to read.
        return BinaryPrimitives.ReadUInt64BigEndian(arp) >> 16 == 0x0001_0800_0604
            ? headers with
            {
                ArpOperation = BinaryPrimitives.ReadUInt16BigEndian(arp[6..]),
                Source = PacketAddress.OfIpv4(arp.Slice(14, 4)),
                Destination = PacketAddress.OfIpv4(arp.Slice(24, 4)),
            }
            : headers;
    }

    private static PacketHeaders ReadIpv4(PacketHeaders headers, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Ipv4BytesMin)
        {
            return headers with { IsCut = true };
        }

        var (header, total) = ((packet[0] & 0xf) * 4, (int)BinaryPrimitives.ReadUInt16BigEndian(packet[2..]));
        headers = headers with
        {
            Protocol = packet[9],
            Source = PacketAddress.OfIpv4(packet.Slice(12, 4)),
            Destination = PacketAddress.OfIpv4(packet.Slice(16, 4)),
        };

        // A length of 0 is how Linux writes one that 16 bits do not hold.
        var length = total == 0 ? packet.Length : total;
        if (packet[0] >> 4 != 4 || header < Ipv4BytesMin || length < header)
        {
            return headers with { IsMalformed = true };
        }

        if (packet.Length < header)
        {
            return headers with { IsCut = true };
        }

        var isLater = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) != 0;
        return isLater
            ? headers with { IsLaterFragment = true, PayloadBytes = length - header }
            : ReadUpper(headers, packet[header..Math.Min(length, packet.Length)], header, length - header);
    }

    private static PacketHeaders ReadIpv6(PacketHeaders headers, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Ipv6Bytes)
        {
            return headers with { IsCut = true };
        }

        headers = headers with { Source = PacketAddress.OfIpv6(packet.Slice(8, 16)), Destination = PacketAddress.OfIpv6(packet.Slice(24, 16)) };
        if (packet[0] >> 4 != 6)
        {
            return headers with { IsMalformed = true };
        }

        // A jumbogram (RFC 2675) says 0.
        var said = (int)BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        var length = Ipv6Bytes + (said == 0 ? packet.Length - Ipv6Bytes : said);
        var (next, at) = (packet[6], Ipv6Bytes);
        for (var number = 0; IsExtension(next); number++)
        {
            if (number == ExtensionsMax)
            {
                return headers with { IsMalformed = true };
            }

            if (packet.Length < at + 8)
            {
                return headers with { IsCut = true };
            }

            var (kind, bytes) = (next, ExtensionBytes(next, packet[at + 1]));
            if (at + bytes > length)
            {
                return headers with { IsMalformed = true };
            }

            next = packet[at];
            if (kind == 44 && (BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]) & 0xfff8) != 0)
            {
                return headers with { Protocol = next, IsLaterFragment = true, PayloadBytes = length - at - bytes };
            }

            at += bytes;
        }

        headers = headers with { Protocol = next };
        return at > packet.Length ? headers with { IsCut = true } : ReadUpper(headers, packet[at..Math.Min(length, packet.Length)], at, length - at);
    }

    /// <summary>Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, shim6.</summary>
    private static bool IsExtension(byte header) => header is 0 or 43 or 44 or 51 or 60 or 135 or 139 or 140;

    private static int ExtensionBytes(byte header, byte said) => header switch
    {
        44 => 8,
        51 => (said + 2) * 4,
        _ => (said + 1) * 8,
    };
}
