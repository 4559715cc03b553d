using System.Diagnostics;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

/// <summary>
/// A QEMU process, named so that no later process can be taken for it: a pid comes again, a pid with its start time and the kernel's boot
/// id does not.
/// </summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks since boot.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id.</param>
public sealed record QemuProcess(int Pid, long StartTicks, string BootId)
{
    /// <summary>sysconf(_SC_CLK_TCK), 100 on every Linux that runs QEMU.</summary>
    private const int TicksPerSecond = 100;
    private const int StateField = 3;
    private const int StartTimeField = 22;

    /// <summary>The process that infra/vm-run.sh noted in the VM's folder, whether it still runs or not.</summary>
    public static QemuProcess? ReadFrom(VmPaths paths) => ReadFrom(paths.Folder);

    /// <summary>The process that infra/vm-run.sh noted in the folder, whether it still runs or not.</summary>
    internal static QemuProcess? ReadFrom(string folder)
    {
        var fields = ReadAllText(Path.Join(folder, "pid"))?.Split(' ', StringSplitOptions.TrimEntries);
        return fields is [var pid, var start, var boot] && int.TryParse(pid, out var id) && long.TryParse(start, out var ticks)
            ? new QemuProcess(id, ticks, boot)
            : null;
    }

    /// <summary>As infra/vm-run.sh writes it.</summary>
    public string Note => $"{Pid} {StartTicks} {BootId}";

    private static readonly Lazy<string?> ThisBoot = new(() => ReadAllText("/proc/sys/kernel/random/boot_id")?.Trim());

    public bool IsAlive =>
        ThisBoot.Value == BootId
        && StatFields(Pid) is { } stat
        && stat[StartTimeField - StateField] == StartTicks.ToString()
        && stat[0] is not ("Z" or "X");

    public DateTimeOffset StartedAt
    {
        get
        {
            var bootSeconds = File.ReadLines("/proc/stat").First(line => line.StartsWith("btime ", StringComparison.Ordinal))["btime ".Length..];
            return DateTimeOffset.FromUnixTimeSeconds(long.Parse(bootSeconds)) + TimeSpan.FromSeconds((double)StartTicks / TicksPerSecond);
        }
    }

    /// <summary>SIGKILL, if it is still the same process.</summary>
    public void Kill()
    {
        if (!IsAlive)
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It ended by itself in between.
        }
    }

    /// <summary>The fields from the third on: before it stands the command's name in parentheses, which may hold anything (proc(5)).</summary>
    private static string[]? StatFields(int pid)
    {
        var stat = ReadAllText($"/proc/{pid}/stat");
        return stat?[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static string? ReadAllText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // Gone, or never there; /proc answers "no such process" in the middle of a read.
            return null;
        }
    }
}

/// <summary>How a QEMU ended, as infra/vm-run.sh noted it.</summary>
/// <param name="Status">The shell's exit status (128 + signal for a signal); null if nobody was there to see it.</param>
/// <param name="StderrTail">The last lines that QEMU printed.</param>
/// <param name="At">When that was noted; null if nobody was there.</param>
public sealed record QemuExit(int? Status, string StderrTail, DateTimeOffset? At = null);
