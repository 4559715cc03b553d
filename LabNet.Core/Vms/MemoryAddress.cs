using System.Globalization;

namespace LabNet.Core.Vms;

/// <summary>How a guest's addresses are written: hexadecimal, because a number of 64 bits is none that JavaScript could hold.</summary>
public static class MemoryAddress
{
    private const string Prefix = "0x";
    private const int DigitsMax = 16;

    /// <summary>What <see cref="TryParse"/> takes, in words.</summary>
    public const string Allowed = "an address is 0x and 1 to 16 hexadecimal digits, such as 0xfebc8134, or all 16 digits as QEMU prints them";

    /// <summary>With all its digits, such as <c>0x00000000febc8000</c>: addresses sort as text.</summary>
    public static string Text(ulong address) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{address:x16}");

    /// <summary>As people write it, such as <c>0xfebc8000</c>.</summary>
    public static string ShortText(ulong address) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{address:x}");

    /// <summary>Takes <see cref="Allowed"/>. Digits alone could be decimal: without 0x all 16 have to be there.</summary>
    public static bool TryParse(string? text, out ulong address)
    {
        address = 0;
        var trimmed = (text ?? "").AsSpan().Trim();
        var marked = trimmed.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
        var digits = marked ? trimmed[Prefix.Length..] : trimmed;
        return digits.Length <= DigitsMax
            && (marked || digits.Length == DigitsMax)
            && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);
    }
}
