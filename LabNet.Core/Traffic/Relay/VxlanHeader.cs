using System.Buffers.Binary;

namespace LabNet.Core.Traffic;

/// <summary>
/// The eight bytes before a frame in VXLAN (RFC 7348 § 5): flags with the I bit, 24 reserved bits, the network identifier, 8 reserved bits.
/// Reserved ones are sent as zero and not looked at.
/// </summary>
internal static class VxlanHeader
{
    public const int Bytes = 8;
    private const byte HasVni = 0x08;

    public static void Write(Span<byte> packet, int vni)
    {
        packet[..Bytes].Clear();
        packet[0] = HasVni;
        BinaryPrimitives.WriteInt32BigEndian(packet[4..], vni << 8);
    }

    /// <summary>False for what is no VXLAN, or has no identifier.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out int vni)
    {
        var whole = packet.Length >= Bytes && (packet[0] & HasVni) != 0;
        vni = whole ? (int)(BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) >> 8) : 0;
        return whole;
    }
}
