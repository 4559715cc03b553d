using LabNet.Core.Feed;

namespace LabNet.Core.Recovery;

/// <summary>What was kept of a crash before anything was done about it. All of it is bounded, and what the guest or QEMU said is hostile text.</summary>
/// <param name="Console">The console's last bytes, as the guest wrote them; null where LabNet does not see the console.</param>
/// <param name="QmpEvents">The last events of QEMU, the oldest first.</param>
/// <param name="ExitStatus">128 + signal for a signal; null where QEMU is there, or nobody saw its end.</param>
/// <param name="Stderr">QEMU's last words.</param>
/// <param name="Head">The snapshot that the machine had come from last, by name; null before the first.</param>
/// <param name="HeadDoubt">Why it may be another one; null if it is certain.</param>
/// <param name="FromNs">From here on trace events and metrics are of interest; UTC nanoseconds since 1970.</param>
/// <param name="ToNs">Up to here.</param>
/// <param name="TraceEvents">How many of each there are in between.</param>
/// <param name="MetricSamples">How often the VM was measured in between.</param>
/// <param name="Missing">What could not be kept, and why.</param>
public sealed record CrashEvidence(
    byte[]? Console,
    IReadOnlyList<EvidenceEvent> QmpEvents,
    int? ExitStatus,
    string Stderr,
    RecoveryPolicy Policy,
    string? Head,
    string? HeadDoubt,
    long FromNs,
    long ToNs,
    IReadOnlyList<TracedBefore> TraceEvents,
    long MetricSamples,
    IReadOnlyList<string> Missing)
{
    public const int ConsoleBytesMax = 64 * 1024;
    public const int QmpEventsMax = 200;

    /// <summary>Of what was traced; the most frequent ones.</summary>
    public const int TracedMax = 100;

    /// <summary>How long before the crash it is interesting.</summary>
    public static readonly TimeSpan Before = TimeSpan.FromSeconds(30);

    public DateTimeOffset From => UnixTime.FromUnixTimeNs(FromNs);

    public DateTimeOffset To => UnixTime.FromUnixTimeNs(ToNs);
}

/// <summary>An event of QEMU.</summary>
/// <param name="TimeNs">By QEMU's clock; UTC nanoseconds since 1970.</param>
/// <param name="Data">As QEMU sent it, JSON; null for nothing.</param>
public sealed record EvidenceEvent(long TimeNs, string Name, string Text, string? Data)
{
    public DateTimeOffset At => UnixTime.FromUnixTimeNs(TimeNs);
}

/// <summary>How often something was traced.</summary>
public sealed record TracedBefore(string Event, long Count);
