using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace LabNet.Core.Labs;

/// <summary>
/// An IPv4 address as four decimal numbers. Stricter than <see cref="System.Net.IPAddress"/>, which takes "10.1" and "0x0a000001" as well:
/// in a lab file those are slips.
/// </summary>
/// <param name="Bits">The first number in the highest byte.</param>
public readonly record struct Ipv4Address(uint Bits)
{
    /// <summary>Can belong to one interface: not of 0.0.0.0/8, loopback, multicast or above.</summary>
    public bool IsUnicast => (Bits >> 24) is (>= 1 and < 127) or (> 127 and < 224);

    /// <summary>Without leading zeros, which some programs take for octal numbers.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ipv4Address address)
    {
        address = default;
        var parts = text?.Split('.');
        if (parts is not { Length: 4 })
        {
            return false;
        }

        var bits = 0u;
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 3
                || part is ['0', _, ..]
                || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            bits = bits << 8 | number;
        }

        address = new Ipv4Address(bits);
        return true;
    }

    public override string ToString() => $"{Bits >> 24}.{Bits >> 16 & 0xff}.{Bits >> 8 & 0xff}.{Bits & 0xff}";
}

/// <summary>An interface's address and the length of its network's prefix, written as <c>10.10.10.2/24</c>.</summary>
/// <param name="Address">One of the network's addresses.</param>
/// <param name="PrefixLength">In bits, 0 to 32.</param>
public readonly record struct Ipv4Interface(Ipv4Address Address, int PrefixLength)
{
    public Ipv4Address Network => new(Address.Bits & Mask);

    /// <summary>Names the network itself or all of its addresses, so that no interface can have it (RFC 3021's /31 has neither).</summary>
    public bool IsNetworkOrBroadcast => PrefixLength < 31 && (Address.Bits & ~Mask) is var rest && (rest == 0 || rest == ~Mask);

    private uint Mask => PrefixLength == 0 ? 0 : uint.MaxValue << (32 - PrefixLength);

    public bool Overlaps(Ipv4Interface other)
    {
        var shared = Mask & other.Mask;
        return (Address.Bits & shared) == (other.Address.Bits & shared);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out Ipv4Interface value)
    {
        value = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0
            || !Ipv4Address.TryParse(text![..slash], out var address)
            || text[(slash + 1)..] is not { Length: >= 1 and <= 2 } digits
            || digits is ['0', _]
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var prefixLength)
            || prefixLength > 32)
        {
            return false;
        }

        value = new Ipv4Interface(address, prefixLength);
        return true;
    }

    public override string ToString() => $"{Address}/{PrefixLength}";
}
