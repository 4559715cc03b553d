using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Reads what QEMU's <c>log</c> trace backend writes, a line an event:
/// <code>
/// line    = [ stamp ] name [ SP text ] LF
/// stamp   = THREAD "@" SECONDS "." MICROSECONDS ":"      ; with -msg timestamp=on, UTC
///         / date "T" time "Z" SP                          ; ISO 8601, QEMU 10.2 and newer, without a thread
/// </code>
/// Other words of QEMU can stand between. What is no event is kept as <see cref="TraceEventType.Unparsed"/>.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceLogReader : TraceReader
{
    /// <summary>A line that is longer is cut there and kept as unparsed; QEMU's own have some hundred bytes.</summary>
    public const int LineBytesMax = 64 << 10;

    /// <summary>A guest that can put a line feed into an event's text can make up names.</summary>
    private const int UndeclaredMax = 1000;

    /// <summary>Of a number in a stamp.</summary>
    private const int DigitsMax = 18;

    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerMicrosecond = 1000;

    private readonly TraceNames _names;
    private readonly long[] _values = new long[ArgumentsMax];
    private StampSecond _lastSecond = new();
    private int _undeclared;
    private bool _inLongLine;

    public TraceLogReader(TraceCatalogue catalogue) => _names = new TraceNames(catalogue.Formats.Where(format => format.Type.Arguments.Length <= ArgumentsMax));

    public override void SetVcpus(IReadOnlyDictionary<int, int> vcpus)
    {
        base.SetVcpus(vcpus);
        _lastSecond.Forget();
    }

    public override int Read(ReadOnlySpan<byte> bytes, long nowNs, bool isEnd, TraceSegmentBuilder to)
    {
        Span<int> ends = stackalloc int[LineEnds.AtOnce];
        var read = 0;
        while (read < bytes.Length && !to.IsFull)
        {
            var rest = bytes[read..];
            var found = LineEnds.Find(rest, ends);
            if (found == 0 && !isEnd && rest.Length < LineBytesMax)
            {
                break;
            }

            read += found == 0 ? ReadUnended(rest, nowNs, isEnd, to) : ReadLines(rest, ends[..found], nowNs, to);
        }

        return read;
    }

    private int ReadLines(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, long nowNs, TraceSegmentBuilder to)
    {
        var read = 0;
        for (var number = 0; number < ends.Length && !to.IsFull; number++)
        {
            var line = bytes[read..ends[number]];
            read = ends[number] + 1;
            if (_inLongLine)
            {
                // Its beginning is kept already.
                _inLongLine = false;
            }
            else if (!line.IsEmpty)
            {
                ReadLine(line, nowNs, to);
            }
        }

        return read;
    }

    /// <summary>Torn, or too long: what is understood of it could be wrong.</summary>
    private int ReadUnended(ReadOnlySpan<byte> bytes, long nowNs, bool isEnd, TraceSegmentBuilder to)
    {
        if (!_inLongLine)
        {
            _inLongLine = !isEnd;
            Keep(bytes, nowNs, thread: default, to);
        }

        return bytes.Length;
    }

    private void ReadLine(ReadOnlySpan<byte> line, long nowNs, TraceSegmentBuilder to)
    {
        var text = line;
        if (!TryReadStamp(ref text, nowNs, out var timeNs, out var thread))
        {
            text = line;
            (timeNs, thread) = (nowNs, default);
        }

        var end = text.IndexOf((byte)' ');
        var name = end < 0 ? text : text[..end];
        var rest = end < 0 ? [] : text[(end + 1)..];
        if (FormatOf(name, isStamped: text.Length < line.Length) is { } format && format.TryRead(rest, _values, to.Texts))
        {
            Take(timeNs, thread, format, _values, to);
            return;
        }

        Keep(line, timeNs, thread, to);
    }

    /// <summary>A name that no catalogue has is one only where the line says when it happened: else any words would be an event.</summary>
    private TraceEventFormat? FormatOf(ReadOnlySpan<byte> name, bool isStamped)
    {
        if (_names.Find(name) is { } known)
        {
            return known;
        }

        if (!isStamped || _undeclared >= UndeclaredMax || name.IsEmpty || name.Length > TraceNames.NameBytesMax || name.IndexOfAnyExcept(TraceNames.Allowed) >= 0)
        {
            return null;
        }

        _undeclared++;
        return _names.Add(TraceEventFormat.Untyped(Encoding.ASCII.GetString(name)));
    }

    private bool TryReadStamp(ref ReadOnlySpan<byte> text, long nowNs, out long timeNs, out TraceThread thread)
    {
        (timeNs, thread) = (nowNs, default);
        if (!_lastSecond.IsOf(text))
        {
            var from = text;
            if (!TryReadNumber(ref from, out var number) || from.IsEmpty)
            {
                return true;
            }

            if (from[0] == '-')
            {
                return TryReadIsoStamp(ref text, out timeNs);
            }

            if (from[0] != '@' || number > int.MaxValue)
            {
                return false;
            }

            from = from[1..];
            if (!TryReadNumber(ref from, out var seconds) || from.IsEmpty || from[0] != '.' || seconds > long.MaxValue / NanosecondsPerSecond / 2)
            {
                return false;
            }

            _lastSecond.Set(text[..(text.Length - from.Length + 1)], seconds * NanosecondsPerSecond, ThreadOf((int)number));
        }

        var behind = text[_lastSecond.Length..];
        var digits = PrintedNumber.ReadDigits(behind, out var microseconds);
        if (digits is 0 or > DigitsMax || digits == behind.Length || behind[digits] != ':')
        {
            return false;
        }

        text = behind[(digits + 1)..];
        (timeNs, thread) = (_lastSecond.TimeNs + ((long)microseconds * NanosecondsPerMicrosecond), _lastSecond.Thread);
        return true;
    }

    private static bool TryReadIsoStamp(ref ReadOnlySpan<byte> text, out long timeNs)
    {
        timeNs = 0;
        var end = text.IndexOf((byte)' ');
        if (end < 0 || !DateTimeOffset.TryParse(
            Encoding.UTF8.GetString(text[..end]), System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time))
        {
            return false;
        }

        timeNs = (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
        text = text[(end + 1)..];
        return true;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> text, out long number)
    {
        var length = PrintedNumber.ReadDigits(text, out var digits);
        number = (long)digits;
        text = text[length..];
        return length is > 0 and <= DigitsMax;
    }
}
