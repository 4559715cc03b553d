using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LabNet.Core.Traffic;

public enum PacketAddressKind : byte
{
    /// <summary>The packet has none.</summary>
    None,
    Ipv4,
    Ipv6,
}

/// <summary>An address of the network layer, as a packet has it.</summary>
/// <param name="Bits">The first byte of the address stands highest; of an IPv4 address only the low 32 bits are used.</param>
public readonly record struct PacketAddress(PacketAddressKind Kind, UInt128 Bits)
{
    private const int Ipv4Bytes = 4;
    private const int Ipv6Bytes = 16;

    /// <param name="bytes">Four.</param>
    public static PacketAddress OfIpv4(ReadOnlySpan<byte> bytes) => new(PacketAddressKind.Ipv4, BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <param name="bytes">Sixteen.</param>
    public static PacketAddress OfIpv6(ReadOnlySpan<byte> bytes) => new(PacketAddressKind.Ipv6, BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Four decimal numbers, or RFC 4291's text without a zone.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PacketAddress address)
    {
        address = default;
        if (Labs.Ipv4Address.TryParse(text, out var four))
        {
            address = new PacketAddress(PacketAddressKind.Ipv4, four.Bits);
            return true;
        }

        if (text is null || !text.Contains(':', StringComparison.Ordinal) || text.AsSpan().ContainsAny('%', '[', ']')
            || !IPAddress.TryParse(text, out var six) || six.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        address = OfIpv6(six.GetAddressBytes());
        return true;
    }

    /// <summary>How many bits it has; 0 of none.</summary>
    public int Width => Kind switch
    {
        PacketAddressKind.Ipv4 => Ipv4Bytes * 8,
        PacketAddressKind.Ipv6 => Ipv6Bytes * 8,
        _ => 0,
    };

    /// <summary>Whether the first bits are those of another address of the same kind.</summary>
    public bool IsIn(PacketAddress network, int prefixLength) =>
        Kind == network.Kind && Kind != PacketAddressKind.None && (prefixLength == 0 || (Bits ^ network.Bits) >> (Width - prefixLength) == 0);

    /// <summary>As people write it; <c>-</c> for none.</summary>
    public override string ToString()
    {
        switch (Kind)
        {
            case PacketAddressKind.Ipv4:
                return new Labs.Ipv4Address((uint)Bits).ToString();
            case PacketAddressKind.Ipv6:
                Span<byte> bytes = stackalloc byte[Ipv6Bytes];
                BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
                return new IPAddress(bytes).ToString();
            default:
                return "-";
        }
    }

    /// <summary>With a port, which of an IPv6 address stands behind brackets.</summary>
    internal string With(int? port) => port is not { } known ? ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{(Kind == PacketAddressKind.Ipv6 ? $"[{this}]" : ToString())}:{known}");
}
