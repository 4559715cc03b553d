using System.Globalization;

namespace LabNet.Core.Traffic;

/// <summary>Ethernet addresses as numbers, the first byte highest; also those of groups.</summary>
internal static class EtherAddress
{
    /// <returns>Null if the text is none.</returns>
    public static ulong? Parse(string text)
    {
        var parts = text.Split(':');
        return parts.Length == 6 && Array.TrueForAll(parts, part => part.Length == 2 && Array.TrueForAll(part.ToCharArray(), char.IsAsciiHexDigit))
            ? ulong.Parse(string.Concat(parts), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : null;
    }
}
