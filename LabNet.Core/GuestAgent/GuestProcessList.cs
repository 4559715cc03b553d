using System.Buffers.Text;
using System.Text;

namespace LabNet.Core.GuestAgent;

/// <summary>
/// Reads the guest's processes by one program. What the shell prints, in this order (proc(5), ps(1)):
/// <code>
/// uptime  = SECONDS "." HUNDREDTHS " " …
/// stat    = "/proc/" PID "/stat:" LINE          (one for each line of each file)
/// ps      = "-- ps"
/// process = PID RSS-KIB USER ARGS               (columns filled up with blanks)
/// </code>
/// A process may call itself anything, line feeds and parentheses included, and /proc/PID/stat has that name as it is. grep puts the file's
/// name before every line of it, so that no name can pass for a line of another file; and the name ends at the last parenthesis. ps
/// escapes what would break its lines. Processes that end meanwhile are in one part only, and left out.
/// </summary>
internal static class GuestProcessList
{
    /// <summary>Names are bytes to grep; ps writes UTF-8 as it is where the guest has that locale.</summary>
    public static readonly GuestProgram Program = new("/bin/sh", ["-c", """
        LC_ALL=C
        export LC_ALL
        cat /proc/uptime
        grep -s -H '' /proc/[0-9]*/stat
        echo '-- ps'
        LC_ALL=C.UTF-8
        exec ps -e -ww -o pid=,rss=,user:32=,args=
        """]);

    /// <summary>USER_HZ, 100 on every Linux that LabNet runs.</summary>
    private const int TicksPerSecond = 100;
    private const int MsPerTick = 1000 / TicksPerSecond;
    private const int BytesPerKib = 1024;

    /// <summary>Fields of /proc/PID/stat, counted from the one behind the name.</summary>
    private const int StateField = 0;
    private const int ParentField = 1;
    private const int UserTicksField = 11;
    private const int SystemTicksField = 12;
    private const int ThreadsField = 17;
    private const int StartedField = 19;

    /// <exception cref="GuestAgentCommandException">The guest has no such programs; in its words.</exception>
    /// <exception cref="GuestAgentUnavailableException">What came makes no sense.</exception>
    public static GuestProcesses Read(GuestExecResult result)
    {
        if (result.ExitCode != 0)
        {
            var words = Encoding.UTF8.GetString(result.Stderr.Span).Trim();
            throw new GuestAgentCommandException("guest-exec", "GenericError", $"ps ended with status {result.ExitCode}: {words}");
        }

        return Parse(result.Stdout.Span, result.Truncated);
    }

    public static GuestProcesses Parse(ReadOnlySpan<byte> output, bool truncated)
    {
        var first = TakeLine(ref output);
        if (!Utf8Parser.TryParse(first, out double uptime, out _) || !double.IsFinite(uptime))
        {
            throw new GuestAgentUnavailableException("The guest's list of processes cannot be understood: it does not begin with the uptime.");
        }

        var stats = new Dictionary<int, Stat>();
        var told = ReadStats(ref output, stats);
        if (!told && !truncated)
        {
            throw new GuestAgentUnavailableException("The guest's list of processes cannot be understood: it ends before what ps says.");
        }

        var processes = new List<GuestProcess>(stats.Count);
        while (!output.IsEmpty)
        {
            var isWhole = output.Contains((byte)'\n');
            if (TryReadPs(TakeLine(ref output), out var ps) && (isWhole || !truncated) && stats.Remove(ps.Pid, out var stat))
            {
                processes.Add(stat.With(ps, uptime));
            }
        }

        if (truncated)
        {
            processes.AddRange(stats.Values.Select(stat => stat.With(null, uptime)));
        }

        return new GuestProcesses(uptime, [.. processes.OrderBy(process => process.Pid)], truncated);
    }

    /// <returns>Whether the end of this part was seen.</returns>
    private static bool ReadStats(ref ReadOnlySpan<byte> output, Dictionary<int, Stat> stats)
    {
        var pid = 0;
        var content = new List<byte>(512);
        while (!output.IsEmpty)
        {
            var line = TakeLine(ref output);
            var isEnd = line.SequenceEqual("-- ps"u8);
            if (!isEnd && TryReadFileName(line, out var next, out var text))
            {
                if (next == pid)
                {
                    content.Add((byte)'\n');
                    content.AddRange(text);
                    continue;
                }

                Keep(pid, content, stats);
                (pid, content) = (next, [.. text]);
                continue;
            }

            if (isEnd)
            {
                Keep(pid, content, stats);
                return true;
            }
        }

        // The last one may be cut in the middle of a number.
        return false;
    }

    private static void Keep(int pid, List<byte> content, Dictionary<int, Stat> stats)
    {
        if (pid > 0 && TryReadStat(pid, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(content), out var stat))
        {
            stats[pid] = stat;
        }
    }

    private static bool TryReadFileName(ReadOnlySpan<byte> line, out int pid, out ReadOnlySpan<byte> text)
    {
        pid = 0;
        text = default;
        if (!line.StartsWith("/proc/"u8) || !Utf8Parser.TryParse(line[6..], out pid, out var digits) || !line[(6 + digits)..].StartsWith("/stat:"u8))
        {
            return false;
        }

        text = line[(6 + digits + 6)..];
        return true;
    }

    private static bool TryReadStat(int pid, ReadOnlySpan<byte> content, out Stat stat)
    {
        stat = default!;
        var open = content.IndexOf((byte)'(');
        var close = content.LastIndexOf((byte)')');
        if (open < 0 || close < open || close + 2 >= content.Length)
        {
            return false;
        }

        var name = content[(open + 1)..close];
        var rest = content[(close + 2)..];
        Span<long> numbers = stackalloc long[StartedField + 1];
        for (var field = 0; field <= StartedField; field++)
        {
            var end = rest.IndexOf((byte)' ');
            var value = end < 0 ? rest : rest[..end];
            if (field == StateField)
            {
                numbers[field] = value.Length == 1 ? value[0] : '?';
            }
            else if (!Utf8Parser.TryParse(value, out numbers[field], out var used) || used != value.Length)
            {
                return false;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        stat = new Stat(
            pid,
            (int)numbers[ParentField],
            (char)numbers[StateField],
            (numbers[UserTicksField] + numbers[SystemTicksField]) * MsPerTick,
            (int)numbers[ThreadsField],
            numbers[StartedField],
            name.ToArray());
        return true;
    }

    private static bool TryReadPs(ReadOnlySpan<byte> line, out Ps ps)
    {
        ps = default!;
        var user = default(ReadOnlySpan<byte>);
        if (!TryTakeWord(ref line, out var pid) || !TryTakeWord(ref line, out var rss) || !TryTakeWord(ref line, out user)
            || !Utf8Parser.TryParse(pid, out int number, out var pidUsed) || pidUsed != pid.Length
            || !Utf8Parser.TryParse(rss, out long kib, out var rssUsed) || rssUsed != rss.Length)
        {
            return false;
        }

        // The user's column is filled up to 32; a command line may begin with a blank of its own, which goes with it.
        ps = new Ps(number, kib * BytesPerKib, Encoding.UTF8.GetString(user), Encoding.UTF8.GetString(line.TrimStart((byte)' ')));
        return true;
    }

    private static bool TryTakeWord(scoped ref ReadOnlySpan<byte> line, out ReadOnlySpan<byte> word)
    {
        line = line.TrimStart((byte)' ');
        var end = line.IndexOf((byte)' ');
        word = end < 0 ? line : line[..end];
        line = end < 0 ? default : line[end..];
        return word.Length > 0;
    }

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> output)
    {
        var end = output.IndexOf((byte)'\n');
        var line = end < 0 ? output : output[..end];
        output = end < 0 ? default : output[(end + 1)..];
        return line;
    }

    private sealed record Ps(int Pid, long RssBytes, string User, string Command);

    private sealed record Stat(int Pid, int ParentPid, char State, long CpuMs, int Threads, long StartedTicks, byte[] Name)
    {
        public GuestProcess With(Ps? ps, double uptimeSeconds) => new(
            Pid,
            ParentPid,
            ps?.User,
            State,
            CpuMs,
            CpuPercent: null,
            ps?.RssBytes,
            Math.Max(0, Math.Round(uptimeSeconds - ((double)StartedTicks / TicksPerSecond), 2)),
            Threads,
            StartedTicks,
            ps is { Command.Length: > 0 } ? ps.Command : $"[{Encoding.UTF8.GetString(Name)}]");
    }
}
