using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

/// <summary>The address of one NIC, never a group's; written as <c>52:54:00:12:34:58</c>.</summary>
public readonly partial record struct MacAddress
{
    private const ulong QemuPrefix = 0x525400_000000;
    private const ulong GroupBit = 0x010000_000000;

    private readonly ulong _bits;

    private MacAddress(ulong bits) => _bits = bits;

    /// <summary>Six pairs of hexadecimal digits with colons between them; a group's address and 00:00:00:00:00:00 are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress mac)
    {
        mac = default;
        if (text is null || !Pattern().IsMatch(text))
        {
            return false;
        }

        var digits = text.Replace(":", "", StringComparison.Ordinal);
        var bits = ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (bits == 0 || (bits & GroupBit) != 0)
        {
            return false;
        }

        mac = new MacAddress(bits);
        return true;
    }

    /// <summary>
    /// The address of a NIC that the lab file gives none: under QEMU's prefix 52:54:00, always the same for the same lab, VM and NIC.
    /// 24 bits can meet: the caller takes the first <paramref name="attempt"/> (0, 1, …) whose address is free.
    /// </summary>
    public static MacAddress Derive(LabName lab, VmName vm, NicId nic, int attempt)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{lab}/{vm}/{nic}/{attempt}"));
        return new MacAddress(QemuPrefix | (ulong)hash[0] << 16 | (ulong)hash[1] << 8 | hash[2]);
    }

    /// <summary>An address under QEMU's prefix for a NIC that stands in no lab file.</summary>
    public static MacAddress Random() => new(QemuPrefix | (uint)RandomNumberGenerator.GetInt32(1 << 24));

    public override string ToString()
    {
        var bits = _bits;
        return string.Join(':', Enumerable.Range(0, 6).Select(octet => (bits >> (40 - 8 * octet) & 0xff).ToString("x2")));
    }

    [GeneratedRegex(@"\A[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
