using System.Numerics;
using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>Texts are read eight and sixteen characters at once: each is tried at each length, with everything that can stand behind it.</summary>
[Trait("suite", "unit")]
public sealed class PrintedNumberTests
{
    private const string HexDigits = "0123456789abcdefABCDEF";

    private static readonly BigInteger Cut = BigInteger.One << 64;

    private delegate int Reading(ReadOnlySpan<byte> text, out long value);

    [Fact]
    public void Hex_digits_are_read_up_to_whatever_is_none()
    {
        var random = Seed.Print();
        for (var length = 0; length <= 40; length++)
        {
            var digits = Digits(random, HexDigits, length);
            var expected = (long)(ulong)(BigInteger.Parse("0" + digits, System.Globalization.NumberStyles.HexNumber, provider: null) % Cut);
            EndsAtEveryByteBut(HexDigits, digits, expected, PrintedNumber.ReadHex);
        }
    }

    [Fact]
    public void Decimal_digits_are_read_up_to_whatever_is_none()
    {
        var random = Seed.Print();
        for (var length = 0; length <= 40; length++)
        {
            var digits = Digits(random, HexDigits[..10], length);
            var expected = (long)(ulong)(BigInteger.Parse("0" + digits, provider: null) % Cut);
            EndsAtEveryByteBut(HexDigits[..10], digits, expected, PrintedNumber.ReadDecimal);
        }
    }

    [Fact]
    public void Each_digit_counts_at_each_place()
    {
        for (var place = 0; place < 16; place++)
        {
            foreach (var digit in HexDigits)
            {
                var text = new string('0', place) + digit + new string('0', 15 - place);
                Assert.Equal((16, Convert.ToInt64(text, 16)), Read(PrintedNumber.ReadHex, text));
                Assert.Equal((16, Convert.ToInt64(text, 16)), Read(PrintedNumber.ReadHex, text + " and more"));
                if (char.IsAsciiDigit(digit))
                {
                    Assert.Equal((16, long.Parse(text, provider: null)), Read(PrintedNumber.ReadDecimal, text));
                    Assert.Equal((16, long.Parse(text, provider: null)), Read(PrintedNumber.ReadDecimal, text + " and more"));
                }
            }
        }
    }

    [Theory]
    [InlineData("-5 ", 2, -5)]
    [InlineData("+5 ", 2, 5)]
    [InlineData("  -12345678901 status", 14, -12345678901)]
    [InlineData("   7%", 4, 7)]
    [InlineData("-", 0, 0)]
    [InlineData("--5", 0, 0)]
    [InlineData("- 5", 0, 0)]
    [InlineData("   ", 0, 0)]
    [InlineData("", 0, 0)]
    [InlineData("x1", 0, 0)]
    [InlineData("9223372036854775807", 19, long.MaxValue)]
    [InlineData("-9223372036854775808", 20, long.MinValue)]
    [InlineData("18446744073709551615,", 20, -1)]
    [InlineData("18446744073709551616,", 20, 0)]
    public void A_decimal_can_have_spaces_and_a_sign(string text, int length, long value) => Assert.Equal((length, value), Read(PrintedNumber.ReadDecimal, text));

    [Theory]
    [InlineData("0x55e1e3b62560 addr", 14, 0x55e1e3b62560)]
    [InlineData("0x55E1e3B62560", 14, 0x55e1e3b62560)]
    [InlineData("0xffffffffffffffff host", 18, -1)]
    [InlineData("(nil)", 5, 0)]
    [InlineData("(nil): write", 5, 0)]
    [InlineData("(nil", 0, 0)]
    [InlineData("0x", 0, 0)]
    [InlineData("0x, and sixteen more characters", 0, 0)]
    [InlineData("0X10", 0, 0)]
    [InlineData("55e1e3b62560", 0, 0)]
    [InlineData("", 0, 0)]
    public void A_pointer_begins_with_0x_or_is_nil(string text, int length, long value) => Assert.Equal((length, value), Read(PrintedNumber.ReadPointer, text));

    [Theory]
    [InlineData("644 ", 3, 420)]
    [InlineData("78", 1, 7)]
    [InlineData("8", 0, 0)]
    [InlineData("7777777777777777777777", 22, -1)]
    public void An_octal_ends_at_8(string text, int length, long value) => Assert.Equal((length, value), Read(PrintedNumber.ReadOctal, text));

    /// <summary>Behind the digits stands each other byte there is, with digits behind it, and enough or too few of them to be read at once.</summary>
    private static void EndsAtEveryByteBut(string digits, string number, long expected, Reading reading)
    {
        Assert.Equal((number.Length, expected), Read(reading, number));
        for (var other = 0; other <= byte.MaxValue; other++)
        {
            // Before the first digit spaces and signs are part of a decimal; another test has those.
            if (digits.Contains((char)other, StringComparison.Ordinal) || (number.Length == 0 && " +-".Contains((char)other, StringComparison.Ordinal)))
            {
                continue;
            }

            foreach (var behind in (string[])["", "7", "7777777", "77777777", "777777777777777", "7777777777777777"])
            {
                byte[] text = [.. Encoding.ASCII.GetBytes(number), (byte)other, .. Encoding.ASCII.GetBytes(behind)];
                Assert.Equal((number.Length, expected), (reading(text, out var value), value));
            }
        }
    }

    private static (int Length, long Value) Read(Reading reading, string text) => (reading(Encoding.ASCII.GetBytes(text), out var value), value);

    private static string Digits(Random random, string among, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => among[random.Next(among.Length)]));
}
