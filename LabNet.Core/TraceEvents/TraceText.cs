using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// A printf format the other way round: reads a text that was written by it. The formats of trace-events-all need
/// <code>
/// conversion = "%" *( "-" / "+" / " " / "#" / "0" ) [ *DIGIT / "*" ] [ "." *DIGIT ] *( "h" / "l" / "z" / "j" / "t" ) type
/// type       = "d" / "i" / "u" / "x" / "X" / "o" / "p" / "c" / "s" / "%"
/// </code>
/// A text argument ends where what follows it can be read; where that is possible in several ways, the shortest texts are taken.
/// </summary>
internal sealed class TraceText
{
    /// <summary>Guests choose some of the texts. One that is made to be ambiguous in very many ways is given up.</summary>
    private const int AttemptsMax = 4096;

    private readonly byte[] _tail;

    private TraceText(ImmutableArray<TraceConversion> conversions, byte[] tail)
    {
        Conversions = conversions;
        Skips = conversions.Sum(conversion => conversion.Skips);
        _tail = tail;
    }

    /// <summary>One text argument, of any length.</summary>
    public static TraceText Anything { get; } = new([new TraceConversion([], PrintedAs.Text, TraceValueKind.Text, Skips: 0)], []);

    public ImmutableArray<TraceConversion> Conversions { get; }

    public int Skips { get; }

    /// <param name="format">A line feed ends it: QEMU's log has the rest on a line of its own.</param>
    /// <returns>False for a conversion that is none of those above.</returns>
    public static bool TryParse(string format, [NotNullWhen(true)] out TraceText? text)
    {
        text = null;
        var conversions = ImmutableArray.CreateBuilder<TraceConversion>();
        var literal = new StringBuilder();
        for (var place = 0; place < format.Length && format[place] != '\n'; place++)
        {
            if (format[place] != '%')
            {
                literal.Append(format[place]);
                continue;
            }

            var skips = 0;
            for (place++; place < format.Length && " -+#0123456789.*hlzjt".Contains(format[place], StringComparison.Ordinal); place++)
            {
                skips += format[place] == '*' ? 1 : 0;
            }

            if (place == format.Length || KindOf(format[place]) is not { } kind)
            {
                return false;
            }

            if (format[place] == '%')
            {
                literal.Append('%');
                continue;
            }

            conversions.Add(new TraceConversion(Encoding.UTF8.GetBytes(literal.ToString()), kind.As, kind.Kind, skips));
            literal.Clear();
        }

        text = new TraceText(conversions.ToImmutable(), Encoding.UTF8.GetBytes(literal.ToString().TrimEnd()));
        return true;
    }

    /// <returns>False if the text cannot have been written by this format.</returns>
    public bool TryMatch(ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts)
    {
        var attempts = AttemptsMax;
        return TryMatchFrom(0, text, values, texts, ref attempts);
    }

    private bool TryMatchFrom(int first, ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts, ref int attempts)
    {
        var place = 0;
        var conversions = Conversions.AsSpan();
        for (var number = first; number < conversions.Length; number++)
        {
            var conversion = conversions[number];
            if (!conversion.Begins(text[place..]))
            {
                return false;
            }

            place += conversion.Literal.Length;
            if (conversion.PrintedAs == PrintedAs.Text)
            {
                return TryMatchText(number, text[place..], values, texts, ref attempts);
            }

            var length = Read(conversion.PrintedAs, text[place..], out values[number], texts);
            if (length == 0)
            {
                return false;
            }

            place += length;
        }

        var rest = text[place..];
        return rest.IsEmpty ? _tail.Length == 0 : rest.TrimEnd((byte)' ').SequenceEqual(_tail);
    }

    private bool TryMatchText(int number, ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts, ref int attempts)
    {
        var isLast = number == Conversions.Length - 1;
        var behind = isLast ? _tail : Conversions[number + 1].Literal;
        if (isLast)
        {
            // The tail can stand in the text as well: the last one counts.
            if (!text.EndsWith(behind))
            {
                return false;
            }

            values[number] = texts.NumberOf(text[..^behind.Length]);
            return true;
        }

        for (var length = 0; length <= text.Length && attempts-- > 0; length++)
        {
            var next = text[length..].IndexOf(behind);
            if (next < 0)
            {
                return false;
            }

            length += next;
            if (TryMatchFrom(number + 1, text[length..], values, texts, ref attempts))
            {
                values[number] = texts.NumberOf(text[..length]);
                return true;
            }
        }

        return false;
    }

    /// <returns>How many bytes it takes; 0 if the text does not begin with such a one.</returns>
    private static int Read(PrintedAs printedAs, ReadOnlySpan<byte> text, out long value, TraceTexts texts)
    {
        switch (printedAs)
        {
            case PrintedAs.Decimal:
                return PrintedNumber.ReadDecimal(text, out value);
            case PrintedAs.Hex:
                return PrintedNumber.ReadHex(text, out value);
            case PrintedAs.Octal:
                return PrintedNumber.ReadOctal(text, out value);
            case PrintedAs.Pointer:
                return PrintedNumber.ReadPointer(text, out value);
            case PrintedAs.Character when !text.IsEmpty:
                value = texts.NumberOf(text[..1]);
                return 1;
            default:
                value = 0;
                return 0;
        }
    }

    private static (PrintedAs As, TraceValueKind Kind)? KindOf(char type) => type switch
    {
        'd' or 'i' => (PrintedAs.Decimal, TraceValueKind.Number),
        'u' => (PrintedAs.Decimal, TraceValueKind.Natural),
        'x' or 'X' => (PrintedAs.Hex, TraceValueKind.Hex),
        'o' => (PrintedAs.Octal, TraceValueKind.Natural),
        'p' => (PrintedAs.Pointer, TraceValueKind.Hex),
        'c' => (PrintedAs.Character, TraceValueKind.Text),
        's' or '%' => (PrintedAs.Text, TraceValueKind.Text),
        _ => null,
    };
}
