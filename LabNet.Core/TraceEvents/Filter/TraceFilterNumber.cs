using System.Globalization;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Reads a filter's numbers:
/// <code>
/// number  = [ "-" ] digits [ "k" / "M" / "G" ] / "0x" hexdigits     ; 1024, 1024^2 or 1024^3 times as much, as in QEMU's sizes
/// latency = number / digits "." 1*3DIGIT                            ; without k, M, G: they would not mean time
/// </code>
/// Between two digits <c>_</c> may stand.
/// </summary>
internal static class TraceFilterNumber
{
    private const int NanosecondsPerMicrosecond = 1000;
    private const int FractionDigitsMax = 3;

    /// <returns>False if the word is no number.</returns>
    /// <param name="number">Null if it is one that 64 bits cannot hold.</param>
    public static bool TryRead(string word, out Int128? number)
    {
        number = null;
        var digits = word.AsSpan();
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return TryReadDigits(digits[2..], isHex: true, out number);
        }

        var isNegative = digits.StartsWith("-", StringComparison.Ordinal);
        digits = isNegative ? digits[1..] : digits;
        var shift = digits.IsEmpty ? 0 : digits[^1] switch { 'k' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        if (!TryReadDigits(shift == 0 ? digits : digits[..^1], isHex: false, out var magnitude))
        {
            return false;
        }

        number = InRange(magnitude is { } value ? (isNegative ? -value : value) << shift : null);
        return true;
    }

    /// <returns>False if the word is no number, or has more digits behind the point than nanoseconds need.</returns>
    /// <inheritdoc cref="TryRead"/>
    public static bool TryReadMicroseconds(string word, out Int128? nanoseconds)
    {
        nanoseconds = null;
        var point = word.IndexOf('.', StringComparison.Ordinal);
        if (word.Length > 0 && word[^1] is 'k' or 'M' or 'G')
        {
            return false;
        }

        if (point < 0)
        {
            var isNumber = TryRead(word, out var microseconds);
            nanoseconds = microseconds * NanosecondsPerMicrosecond;
            return isNumber;
        }

        var fraction = word.AsSpan(point + 1);
        if (fraction.Length > FractionDigitsMax || fraction.Contains('_')
            || !TryReadDigits(word.AsSpan(0, point), isHex: false, out var whole)
            || !TryReadDigits(fraction.ToString().PadRight(FractionDigitsMax, '0'), isHex: false, out var rest) || fraction.IsEmpty)
        {
            return false;
        }

        nanoseconds = (InRange(whole) * NanosecondsPerMicrosecond) + rest;
        return true;
    }

    private static Int128? InRange(Int128? number) => number >= long.MinValue && number <= ulong.MaxValue ? number : null;

    private static bool TryReadDigits(ReadOnlySpan<char> digits, bool isHex, out Int128? number)
    {
        number = null;
        if (digits.IsEmpty || digits[0] == '_' || digits[^1] == '_')
        {
            return false;
        }

        Int128 sum = 0;
        var isTooLarge = false;
        foreach (var digit in digits)
        {
            if (digit == '_')
            {
                continue;
            }

            if (!(isHex ? char.IsAsciiHexDigit(digit) : char.IsAsciiDigit(digit)))
            {
                return false;
            }

            sum = (sum * (isHex ? 16 : 10)) + int.Parse([digit], NumberStyles.AllowHexSpecifier);
            isTooLarge |= sum > ulong.MaxValue;
            sum = isTooLarge ? 0 : sum;
        }

        number = isTooLarge ? null : sum;
        return true;
    }
}
