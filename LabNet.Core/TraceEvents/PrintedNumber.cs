using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Numbers as printf writes them. Each method tells how many bytes a number takes at the beginning of a text, 0 where there is none. What does not
/// fit into 64 bits is cut to its lowest.
/// </summary>
/// <remarks>Most are looked at eight or sixteen characters at once: where a loop over digits ends is what a processor cannot foresee.</remarks>
internal static class PrintedNumber
{
    private const int HexAtOnce = 16;
    private const int DigitsAtOnce = sizeof(ulong);
    private const ulong EachByte = 0x0101_0101_0101_0101;
    private const byte NoDigit = byte.MaxValue;

    private static readonly byte[] HexDigits = HexDigitsByCharacter();

    private static ReadOnlySpan<ulong> PowersOfTen => [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

    /// <summary>With spaces and a sign before it, or without.</summary>
    public static int ReadDecimal(ReadOnlySpan<byte> text, out long value)
    {
        var place = 0;
        while (place < text.Length && text[place] == ' ')
        {
            place++;
        }

        var isNegative = place < text.Length && text[place] == '-';
        place += isNegative || (place < text.Length && text[place] == '+') ? 1 : 0;
        var length = ReadDigits(text[place..], out var number);
        value = unchecked(isNegative ? -(long)number : (long)number);
        return length == 0 ? 0 : place + length;
    }

    /// <summary>Nothing but digits.</summary>
    public static int ReadDigits(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        var place = 0;
        if (text.Length > 1 && IsDigit(text[1]))
        {
            while (text.Length - place >= DigitsAtOnce)
            {
                var length = ReadDigits(BinaryPrimitives.ReadUInt64LittleEndian(text[place..]), out var number);
                value = unchecked((value * PowersOfTen[length]) + number);
                place += length;
                if (length < DigitsAtOnce)
                {
                    return place;
                }
            }
        }

        for (; place < text.Length && IsDigit(text[place]); place++)
        {
            value = unchecked((value * 10) + (ulong)(text[place] - '0'));
        }

        return place;
    }

    /// <summary>In base 16, without <c>0x</c>.</summary>
    public static int ReadHex(ReadOnlySpan<byte> text, out long value)
    {
        if (text.Length >= HexAtOnce && ReadHex(Vector128.Create(text), out value) is < HexAtOnce and var length)
        {
            return length;
        }

        ulong number = 0;
        var place = 0;
        for (; place < text.Length && HexDigits[text[place]] is not NoDigit and var digit; place++)
        {
            number = (number << 4) | digit;
        }

        value = unchecked((long)number);
        return place;
    }

    /// <summary>glibc's <c>%p</c>: <c>0x…</c>, or <c>(nil)</c>.</summary>
    public static int ReadPointer(ReadOnlySpan<byte> text, out long value)
    {
        if (text.StartsWith("0x"u8))
        {
            return ReadHex(text["0x"u8.Length..], out value) is > 0 and var length ? "0x"u8.Length + length : 0;
        }

        value = 0;
        return text.StartsWith("(nil)"u8) ? "(nil)"u8.Length : 0;
    }

    public static int ReadOctal(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        var place = 0;
        for (; place < text.Length && text[place] - '0' is >= 0 and <= 7 and var digit; place++)
        {
            value = unchecked((value << 3) | (uint)digit);
        }

        return place;
    }

    /// <param name="characters">The first one lowest.</param>
    /// <returns>How many of them, from the first on, are digits.</returns>
    private static int ReadDigits(ulong characters, out ulong value)
    {
        // A digit's byte is at most 9 now: no sum carries into the byte above it before the first that is none.
        var digits = characters ^ ('0' * EachByte);
        var others = ((digits + (0x76 * EachByte)) | digits) & (0x80 * EachByte);
        var length = BitOperations.TrailingZeroCount(others) / 8;

        // The first digits become zeros, so that there are always eight. A shift by 64 would be none at all.
        digits = length == 0 ? 0 : digits << (8 * (DigitsAtOnce - length));
        digits = (digits * 10) + (digits >> 8);
        value = ((digits & 0x0000_00ff_0000_00ff) * (100 + (1_000_000UL << 32)) + (((digits >> 16) & 0x0000_00ff_0000_00ff) * (1 + (10_000UL << 32)))) >> 32;
        return length;
    }

    /// <returns>How many of the characters, from the first on, are digits of base 16; of all sixteen the value may not be the number's.</returns>
    private static int ReadHex(Vector128<byte> characters, out long value)
    {
        var letters = Vector128.LessThan((characters | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a'), Vector128.Create((byte)6));
        var others = ~(letters | Vector128.LessThan(characters - Vector128.Create((byte)'0'), Vector128.Create((byte)10)));
        var length = BitOperations.TrailingZeroCount(others.ExtractMostSignificantBits());

        // Both a and A end in 1, and stand for 10.
        var digits = ((characters & Vector128.Create((byte)0x0f)) + (letters & Vector128.Create((byte)9))).AsUInt16();
        var pairs = ((digits << 4) | (digits >> 8)) & Vector128.Create((ushort)0xff);
        var number = BinaryPrimitives.ReverseEndianness(Vector128.Narrow(pairs, pairs).AsUInt64().ToScalar());

        // What stands behind the digits goes. A shift by 64 would be none at all.
        value = length == 0 ? 0 : unchecked((long)(number >> (4 * (HexAtOnce - Math.Min(length, HexAtOnce)))));
        return length;
    }

    private static bool IsDigit(byte character) => (uint)(character - '0') <= 9;

    /// <summary>Whether the next digit is one of 0 to 9 cannot be foreseen: a place to look it up is faster than a branch.</summary>
    private static byte[] HexDigitsByCharacter()
    {
        var digits = new byte[byte.MaxValue + 1];
        Array.Fill(digits, NoDigit);
        for (byte digit = 0; digit < 16; digit++)
        {
            digits["0123456789abcdef"[digit]] = digit;
            digits["0123456789ABCDEF"[digit]] = digit;
        }

        return digits;
    }
}
