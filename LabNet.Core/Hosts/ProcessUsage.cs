using System.Globalization;
using System.Text;

namespace LabNet.Core.Hosts;

/// <summary>What a process and its threads use, from /proc (proc(5)); cheap enough for ten times a second.</summary>
public static class ProcessUsage
{
    private const long NanosecondsPerTick = 1_000_000_000 / 100;
    private const int FieldsBeforeTimes = 11;

    /// <summary>CPU time of the whole process with its threads that ended, in steps of 10 ms; null if it is gone.</summary>
    public static long? ReadCpuNs(int pid) => ReadTimes($"/proc/{pid}/stat");

    /// <summary>CPU time of one thread, to the nanosecond where the kernel tells it (CONFIG_SCHED_INFO); null if it is gone.</summary>
    public static long? ReadThreadCpuNs(int pid, int thread)
    {
        Span<byte> buffer = stackalloc byte[128];
        return Read($"/proc/{pid}/task/{thread}/schedstat", buffer, out var length) && Field(buffer[..length], 0) is { } ns
            ? ns
            : ReadTimes($"/proc/{pid}/task/{thread}/stat");
    }

    /// <summary>How long a thread has run or waited for a CPU to run on: all but its sleep. Null if it is gone, or the kernel does not tell (CONFIG_SCHED_INFO).</summary>
    public static long? ReadThreadWantedNs(int pid, int thread)
    {
        Span<byte> buffer = stackalloc byte[128];
        return Read($"/proc/{pid}/task/{thread}/schedstat", buffer, out var length) && Field(buffer[..length], 0) is { } ran && Field(buffer[..length], 1) is { } waited
            ? ran + waited
            : null;
    }

    /// <summary>Resident memory in bytes; null if the process is gone.</summary>
    public static long? ReadResidentBytes(int pid)
    {
        Span<byte> buffer = stackalloc byte[128];
        return Read($"/proc/{pid}/statm", buffer, out var length) && Field(buffer[..length], 1) is { } pages ? pages * Environment.SystemPageSize : null;
    }

    /// <summary>utime and stime, behind the command's name, which may hold anything.</summary>
    private static long? ReadTimes(string path)
    {
        Span<byte> buffer = stackalloc byte[1024];
        if (!Read(path, buffer, out var length))
        {
            return null;
        }

        var fields = buffer[..length];
        fields = fields[(fields.LastIndexOf((byte)')') + 2)..];
        return Field(fields, FieldsBeforeTimes) is { } user && Field(fields, FieldsBeforeTimes + 1) is { } system ? (user + system) * NanosecondsPerTick : null;
    }

    private static long? Field(ReadOnlySpan<byte> text, int number)
    {
        for (var place = 0; place < number; place++)
        {
            var blank = text.IndexOf((byte)' ');
            if (blank < 0)
            {
                return null;
            }

            text = text[(blank + 1)..];
        }

        var end = text.IndexOfAny((byte)' ', (byte)'\n');
        return long.TryParse(Encoding.ASCII.GetString(end < 0 ? text : text[..end]), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
    }

    private static bool Read(string path, Span<byte> buffer, out int length)
    {
        length = 0;
        try
        {
            using var file = File.OpenHandle(path);
            length = RandomAccess.Read(file, buffer, fileOffset: 0);
            return length > 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process or the thread has ended, perhaps in the middle of the read.
            return false;
        }
    }
}
