using System.Diagnostics;
using System.Globalization;
using LabNet.Core.TraceEvents;

namespace LabNet.Bench;

/// <summary>QEMU's scripts/simpletrace.py, which prints recorded events from a <see cref="SimpletraceFile"/> on a tmpfs.</summary>
internal sealed class Simpletrace : IDisposable
{
    /// <summary>Debian's: another one may come first on the PATH.</summary>
    private const string Python = "/usr/bin/python3";

    private readonly string _script;
    private readonly RecordedTraceLog _recorded;
    private readonly string _file = Path.Join("/dev/shm", Path.GetRandomFileName());
    private readonly string _empty = Path.Join("/dev/shm", Path.GetRandomFileName());

    /// <param name="script">Where simpletrace.py lies, with its tracetool beside it.</param>
    /// <param name="copies">How often the recording is to be printed.</param>
    public Simpletrace(string script, RecordedTraceLog recorded, int copies)
    {
        (_script, _recorded, Events) = (script, recorded, (long)copies * recorded.EventsARound);
        var binary = new SimpletraceFile(recorded, TraceCatalogue.Parse(File.ReadAllText(TraceEventsRegistration.Declarations)));
        using var empty = File.Create(_empty);
        binary.WriteHead(empty);
        using var file = File.Create(_file, bufferSize: 1 << 20);
        binary.WriteHead(file);
        for (var copy = 0; copy < copies; copy++)
        {
            binary.Write(file, recorded.UsOf(copy, beginUs: 0));
        }
    }

    public long Events { get; }

    /// <summary>Compares all that it prints with the recording, line by line.</summary>
    public async Task CheckAsync()
    {
        using var python = Process.Start(new ProcessStartInfo(Python, [_script, TraceEventsRegistration.Declarations, _file]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var lines = _recorded.Lines.ToArray();
        long printed = 0;
        for (; await python.StandardOutput.ReadLineAsync() is { } said; printed++)
        {
            var at = printed % lines.Length;
            var sinceUs = printed == 0 ? 0 : at == 0 ? 1 : lines[at].AtUs - lines[at - 1].AtUs;
            if (!SaysTheSame(said, lines[at].Text, $"{sinceUs}.000", $"pid={lines[at].Thread}"))
            {
                throw new InvalidOperationException($"simpletrace.py printed \"{said}\" where the recording has \"{lines[at].Text}\".");
            }
        }

        await python.WaitForExitAsync();
        if (python.ExitCode != 0 || printed != Events)
        {
            throw new InvalidOperationException($"simpletrace.py printed {printed} of {Events} events and ended with {python.ExitCode}.");
        }
    }

    /// <summary>Prints all events to nowhere.</summary>
    /// <returns>What the events took: Python's start and the reading of the declarations are taken off.</returns>
    public async Task<(double CpuSeconds, double Seconds)> PrintAsync()
    {
        var start = await RunAsync(_empty);
        var all = await RunAsync(_file);
        return (all.CpuSeconds - start.CpuSeconds, all.Seconds - start.Seconds);
    }

    public void Dispose()
    {
        File.Delete(_file);
        File.Delete(_empty);
    }

    private async Task<(double CpuSeconds, double Seconds)> RunAsync(string file)
    {
        var (began, cpu) = (Stopwatch.GetTimestamp(), ReadCpuOfEndedChildren());
        using var shell = Process.Start("/bin/sh", ["-c", "exec \"$@\" >/dev/null", "sh", Python, _script, TraceEventsRegistration.Declarations, file]);
        await shell.WaitForExitAsync();
        return shell.ExitCode == 0
            ? (ReadCpuOfEndedChildren() - cpu, Stopwatch.GetElapsedTime(began).TotalSeconds)
            : throw new InvalidOperationException($"simpletrace.py ended with {shell.ExitCode}.");
    }

    /// <summary>In user mode and in the kernel, seconds.</summary>
    private static double ReadCpuOfEndedChildren()
    {
        const int UserTime = 13, SystemTime = 14, TicksPerSecond = 100;
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double)(long.Parse(fields[UserTime], CultureInfo.InvariantCulture) + long.Parse(fields[SystemTime], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <param name="said">Such as <c>NAME MICROSECONDS pid=1 mr=0xff name=b'hpet'</c>.</param>
    /// <param name="recorded">Such as <c>NAME mr 0xff name 'hpet'</c>, numbers in any base.</param>
    private static bool SaysTheSame(string said, string recorded, string since, string process)
    {
        var (words, told) = (said.Split(' '), recorded.Split(' '));
        if (words is not [var name, var time, var pid, .. var arguments] || (name, time, pid) != (told[0], since, process))
        {
            return false;
        }

        var values = arguments.Select(argument => argument[(argument.IndexOf('=', StringComparison.Ordinal) + 1)..]).ToArray();
        var texts = values.Where(value => value.StartsWith("b'", StringComparison.Ordinal)).Select(value => value[2..^1]);
        return values.Select(NumberOf).OfType<ulong>().SequenceEqual(told[1..].Select(NumberOf).OfType<ulong>())
            && texts.All(text => told.Any(word => word.Trim('\'', ':') == text));
    }

    /// <summary>Null of a word that is no number.</summary>
    private static ulong? NumberOf(string word) => word.TrimEnd(':') switch
    {
        "(nil)" => 0,
        ['0', 'x', .. var digits] when ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) => number,
        var digits when ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var digits when long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => unchecked((ulong)number),
        _ => null,
    };
}
