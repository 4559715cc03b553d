using System.Text;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Recovery;

namespace LabNet.Tests.Recovery;

/// <summary>A crash that came back, and what was kept of it.</summary>
internal static class SampleIncident
{
    public const string Hostile = "<img src=x onerror=alert(1)>&amp;";

    public static readonly DateTimeOffset At = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    public static readonly CrashEvidence Evidence = new(
        Encoding.UTF8.GetBytes($"\x1b[31mOops\x1b[0m {Hostile}\r\n\x07the end"),
        [new EvidenceEvent(At.ToUnixTimeNs(), "STOP", "The vCPUs stopped.", Data: null)],
        ExitStatus: 137,
        Stderr: "qemu: it hurts",
        RecoveryPolicy.Default,
        Head: "before-driver",
        HeadDoubt: null,
        FromNs: (At - CrashEvidence.Before).ToUnixTimeNs(),
        ToNs: At.ToUnixTimeNs(),
        [new TracedBefore("virtio_blk_req_complete", 1200), new TracedBefore("kvm_run_exit", 34)],
        MetricSamples: 30,
        Missing: []);

    public static Incident Of(string vm, IncidentOutcome outcome = IncidentOutcome.Recovered, TimeSpan after = default) => new(
        Guid.CreateVersion7().ToString("N"),
        VmName.Parse(vm),
        CrashKind.QemuKilled,
        At + after,
        "QEMU was killed by SIGKILL.",
        "restore-last",
        [new IncidentStep(At + after + TimeSpan.FromMilliseconds(210), "Restores the snapshot “before-driver”.")],
        outcome,
        outcome == IncidentOutcome.Recovering ? "" : "The snapshot “before-driver” was restored; its guest answered 1.5 s after the crash.",
        new IncidentTimes(20, 200, 900, 1500));
}
