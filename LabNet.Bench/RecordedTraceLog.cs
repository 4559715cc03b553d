using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Text;

namespace LabNet.Bench;

/// <summary>
/// A log of trace events as long as one likes: a second and a half of a demo guest that does fio, as QEMU 7.2 wrote it (block layers, registers,
/// interrupts), again and again, each time later.
/// </summary>
internal sealed class RecordedTraceLog
{
    private const int DigitsOfMicroseconds = 6;
    private const long MicrosecondsPerSecond = 1_000_000;

    private readonly (byte[] Thread, long AtUs, byte[] Words)[] _lines;
    private readonly long _lengthUs;

    public RecordedTraceLog()
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("trace-fio-7.2-x86_64.log.gz")!;
        using var text = new StreamReader(new GZipStream(resource, CompressionMode.Decompress), Encoding.UTF8);
        var lines = new List<(byte[], long, byte[])>();
        while (text.ReadLine() is { } line)
        {
            var (at, colon) = (line.IndexOf('@', StringComparison.Ordinal), line.IndexOf(':', StringComparison.Ordinal));
            lines.Add((Encoding.UTF8.GetBytes(line[..(at + 1)]), UsOf(line[(at + 1)..colon]), Encoding.UTF8.GetBytes(line[colon..] + "\n")));
        }

        _lines = [.. lines];
        _lengthUs = _lines[^1].AtUs - _lines[0].AtUs + 1;
    }

    public int EventsARound => _lines.Length;

    /// <summary>The recording itself: the id of the thread that wrote a line, when (microseconds since 1970), and the event's name and text.</summary>
    public IEnumerable<(int Thread, long AtUs, string Text)> Lines => _lines.Select(line =>
        (int.Parse(line.Thread.AsSpan(..^1), CultureInfo.InvariantCulture), line.AtUs, Encoding.UTF8.GetString(line.Words.AsSpan(1..^1))));

    /// <summary>How long a round takes.</summary>
    public TimeSpan RoundLength => TimeSpan.FromMicroseconds(_lengthUs);

    /// <summary>When an event of the recording happens in a round.</summary>
    /// <param name="beginUs">When the first round begins, microseconds since 1970.</param>
    public long UsOf(int round, long beginUs) => beginUs + (round * _lengthUs);

    /// <summary>All lines of a round.</summary>
    public void Write(Stream to, int round, long beginUs)
    {
        var shift = UsOf(round, beginUs) - _lines[0].AtUs;
        Span<byte> stamp = stackalloc byte[32];
        foreach (var (thread, atUs, words) in _lines)
        {
            var (seconds, microseconds) = Math.DivRem(atUs + shift, MicrosecondsPerSecond);
            to.Write(thread);
            seconds.TryFormat(stamp, out var length, default, CultureInfo.InvariantCulture);
            stamp[length++] = (byte)'.';
            microseconds.TryFormat(stamp[length..], out var digits, "D6", CultureInfo.InvariantCulture);
            to.Write(stamp[..(length + digits)]);
            to.Write(words);
        }
    }

    private static long UsOf(string stamp) => stamp.Split('.') is [var seconds, { Length: DigitsOfMicroseconds } microseconds]
        ? (long.Parse(seconds, CultureInfo.InvariantCulture) * MicrosecondsPerSecond) + long.Parse(microseconds, CultureInfo.InvariantCulture)
        : throw new FormatException($"\"{stamp}\" is no time of a trace log.");
}
