using System.Collections.Immutable;

namespace LabNet.Core.GuestAgent;

/// <summary>A process of the guest.</summary>
/// <param name="User">Null where the list was cut before it was told.</param>
/// <param name="State">The kernel's letter: R runs, S sleeps, D waits for a disk, T is stopped, Z has ended, I is an idle kernel thread (proc(5)).</param>
/// <param name="CpuMs">Time on the processors since it began, its own and the kernel's for it; steps of 10 ms.</param>
/// <param name="CpuPercent">Of one processor, since the reading before; null where there is none to compare with.</param>
/// <param name="RssBytes">Memory that is present; null where the list was cut before it was told.</param>
/// <param name="ElapsedSeconds">Since it began, by the guest's clock.</param>
/// <param name="StartedTicks">When it began: hundredths of a second since the guest booted. With the pid it names a process for good.</param>
/// <param name="Command">
/// The whole command line, control characters escaped by the guest's ps; <c>[name]</c> for a kernel thread, and for others where the list
/// was cut before the command line. Hostile text: a process calls itself what it likes.
/// </param>
public sealed record GuestProcess(
    int Pid,
    int ParentPid,
    string? User,
    char State,
    long CpuMs,
    double? CpuPercent,
    long? RssBytes,
    double ElapsedSeconds,
    int Threads,
    long StartedTicks,
    string Command);

/// <summary>The guest's processes at one moment, by pid.</summary>
/// <param name="UptimeSeconds">How long the guest had run then.</param>
/// <param name="Truncated">Whether the agent cut the list, which it does at 16 MiB.</param>
public sealed record GuestProcesses(double UptimeSeconds, ImmutableArray<GuestProcess> Processes, bool Truncated)
{
    /// <summary>Below this the kernel's ticks of 10 ms make leaps instead of a percentage.</summary>
    private const double WindowSecondsMin = 0.2;

    /// <summary>These with what each has used of a processor since an earlier reading of the same guest.</summary>
    /// <param name="before">Null for none. One that is no earlier, as before a reboot, counts as none.</param>
    public GuestProcesses Since(GuestProcesses? before)
    {
        if (before is null || UptimeSeconds - before.UptimeSeconds < WindowSecondsMin)
        {
            return this;
        }

        var windowMs = (UptimeSeconds - before.UptimeSeconds) * 1000;
        var earlier = before.Processes.ToDictionary(process => process.Pid);
        return this with
        {
            Processes =
            [
                .. Processes.Select(process => earlier.TryGetValue(process.Pid, out var then) && then.StartedTicks == process.StartedTicks
                    ? process with { CpuPercent = Math.Max(0, process.CpuMs - then.CpuMs) / windowMs * 100 }
                    : process),
            ],
        };
    }
}
