using System.Buffers.Binary;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

/// <summary>Frames to read, made byte by byte.</summary>
internal static class Frames
{
    public const ulong MacA = 0x525400123458;
    public const ulong MacB = 0x525400123457;
    private const int EtherBytes = 14;

    public static byte[] Ether(ushort type, ReadOnlySpan<byte> payload, ulong to = MacB, ulong from = MacA, params ReadOnlySpan<int> vlans)
    {
        var frame = new List<byte>();
        Put(frame, to, 6);
        Put(frame, from, 6);
        foreach (var vlan in vlans)
        {
            Put(frame, 0x8100, 2);
            Put(frame, (ulong)vlan, 2);
        }

        Put(frame, type, 2);
        frame.AddRange(payload);
        return [.. frame];
    }

    public static byte[] Arp(int operation, string from, string to)
    {
        var arp = new List<byte>();
        Put(arp, 0x0001_0800_0604, 6);
        Put(arp, (ulong)operation, 2);
        Put(arp, MacA, 6);
        Put(arp, Bits(from), 4);
        Put(arp, 0, 6);
        Put(arp, Bits(to), 4);
        return Ether(PacketHeaders.ArpType, [.. arp], to: 0xffff_ffff_ffff);
    }

    public static byte[] Ipv4(byte protocol, string from, string to, ReadOnlySpan<byte> payload, int fragment = 0, int? saidLength = null, int saidHeader = 5)
    {
        var packet = new byte[20 + payload.Length];
        packet[0] = (byte)(0x40 | saidHeader);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(saidLength ?? packet.Length));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)fragment);
        packet[8] = 64;
        packet[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), (uint)Bits(from));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), (uint)Bits(to));
        payload.CopyTo(packet.AsSpan(20));
        return packet;
    }

    public static byte[] Ipv6(byte next, string from, string to, ReadOnlySpan<byte> payload)
    {
        var packet = new byte[40 + payload.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        packet[6] = next;
        packet[7] = 64;
        System.Net.IPAddress.Parse(from).GetAddressBytes().CopyTo(packet, 8);
        System.Net.IPAddress.Parse(to).GetAddressBytes().CopyTo(packet, 24);
        payload.CopyTo(packet.AsSpan(40));
        return packet;
    }

    public static byte[] Udp(int from, int to, ReadOnlySpan<byte> payload, int? saidLength = null)
    {
        var packet = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(packet, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)to);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(saidLength ?? packet.Length));
        payload.CopyTo(packet.AsSpan(8));
        return packet;
    }

    public static byte[] Tcp(int from, int to, byte flags, uint sequence, uint acknowledged, ReadOnlySpan<byte> payload)
    {
        var packet = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(packet, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)to);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), acknowledged);
        packet[12] = 5 << 4;
        packet[13] = flags;
        payload.CopyTo(packet.AsSpan(20));
        return packet;
    }

    public static byte[] Echo(byte type, int id, int sequence, int payload)
    {
        var packet = new byte[8 + payload];
        packet[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)id);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)sequence);
        return packet;
    }

    public static byte[] Vxlan(int vni, ReadOnlySpan<byte> inner)
    {
        var packet = new byte[8 + inner.Length];
        packet[0] = 0x08;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)vni << 8);
        inner.CopyTo(packet.AsSpan(8));
        return Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Udp, "10.99.0.1", "10.99.0.2", Udp(40000, 4789, packet)));
    }

    /// <summary>A ping as the example lab has it.</summary>
    public static byte[] Ping(byte type = 8, int sequence = 1) => type == 8
        ? Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Icmp, "10.10.10.2", "10.10.10.1", Echo(8, 7, sequence, 56)))
        : Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Icmp, "10.10.10.1", "10.10.10.2", Echo(0, 7, sequence, 56)), to: MacA, from: MacB);

    public static PacketAddress Address(string text) => PacketAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    public static int PayloadAt => EtherBytes;

    private static ulong Bits(string address) => (ulong)Address(address).Bits;

    private static void Put(List<byte> bytes, ulong number, int count)
    {
        for (var place = count - 1; place >= 0; place--)
        {
            bytes.Add((byte)(number >> (place * 8)));
        }
    }
}
