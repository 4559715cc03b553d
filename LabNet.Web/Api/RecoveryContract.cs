using System.Text;
using LabNet.Core.Recovery;

namespace LabNet.Web.Api;

/// <summary>What is done when a VM has crashed, and whether it is.</summary>
/// <param name="Policy"><c>none</c>, <c>restart</c>, <c>restore-last</c> or <c>restore NAME</c>.</param>
/// <param name="BudgetTimes">So many recoveries within <paramref name="BudgetSeconds"/>, then the breaker opens.</param>
/// <param name="OnHang">Whether a guest that spins and whose agent is silent counts as crashed.</param>
/// <param name="HangSeconds">For so long.</param>
/// <param name="MemoryDump">Whether the guest's memory is written to a file first, where QEMU still runs. The newest two are kept.</param>
/// <param name="WhyOnlyNone">Why this VM cannot be brought back; null if it can.</param>
public sealed record RecoveryContract(
    string Policy, int BudgetTimes, int BudgetSeconds, bool OnHang, int HangSeconds, bool MemoryDump, BreakerContract Breaker, string? WhyOnlyNone)
{
    internal static RecoveryContract Of(VmRecovery recovery)
    {
        var (policy, breaker) = recovery.Standing;
        return new RecoveryContract(
            policy.Text,
            policy.BudgetTimes,
            policy.BudgetSeconds,
            policy.OnHang,
            policy.HangSeconds,
            policy.MemoryDump,
            new BreakerContract(breaker.IsOpen, breaker.OpenSince, breaker.WhyOpen, breaker.Attempts),
            recovery.WhyOnlyNone);
    }
}

/// <param name="Open">Whether the VM is left as it is until a person sets its policy again or starts it.</param>
/// <param name="Attempts">When it was brought back, as far as the budget's window reached at the last crash.</param>
public sealed record BreakerContract(bool Open, DateTimeOffset? Since, string? Why, IReadOnlyList<DateTimeOffset> Attempts);

/// <inheritdoc cref="RecoveryContract"/>
public sealed record RecoveryPolicyContract(string Policy, int BudgetTimes = 5, int BudgetSeconds = 600, bool OnHang = false, int HangSeconds = 30, bool MemoryDump = false)
{
    /// <exception cref="BadInputException">The policy is none.</exception>
    internal RecoveryPolicy ToPolicy() => RecoveryPolicy.Parse(Policy, out var mistake) is { } policy
        ? policy with { BudgetTimes = BudgetTimes, BudgetSeconds = BudgetSeconds, OnHang = OnHang, HangSeconds = HangSeconds, MemoryDump = MemoryDump }
        : throw new BadInputException(mistake!);
}

/// <summary>A crash and what was done about it.</summary>
/// <param name="At">When it happened, as near as anybody knows.</param>
/// <param name="Seen">What was seen of it, in a sentence.</param>
/// <param name="Policy">As it was then.</param>
/// <param name="Told">How it ended, in a sentence; empty while it goes on.</param>
/// <param name="Operation">That brought the VM back; null where none did.</param>
/// <param name="Times">Milliseconds after the crash.</param>
/// <param name="MemoryDumpBytes">Null where the guest's memory was not written.</param>
public sealed record IncidentContract(
    string Id,
    string Vm,
    CrashKind Kind,
    DateTimeOffset At,
    string Seen,
    string Policy,
    IReadOnlyList<IncidentStepContract> Steps,
    IncidentOutcome Outcome,
    string Told,
    string? Operation,
    IncidentTimesContract Times,
    long? MemoryDumpBytes)
{
    internal static IncidentContract Of(Incident incident) => new(
        incident.Id,
        incident.Vm.ToString(),
        incident.Kind,
        incident.At,
        incident.Seen,
        incident.Policy,
        [.. incident.Steps.Select(step => new IncidentStepContract(step.At, step.Text))],
        incident.Outcome,
        incident.Told,
        incident.Operation,
        new IncidentTimesContract(incident.Times.Noticed, incident.Times.Kept, incident.Times.Running, incident.Times.Answers),
        incident.DumpBytes);
}

public sealed record IncidentStepContract(DateTimeOffset At, string Text);

/// <param name="NoticedMs">LabNet knew of it.</param>
/// <param name="EvidenceKeptMs">What is known of it was written down.</param>
/// <param name="RunningMs">QEMU said that the guest runs again; null if it did not.</param>
/// <param name="AnswersMs">The guest's agent answered; null if it did not.</param>
public sealed record IncidentTimesContract(double NoticedMs, double? EvidenceKeptMs, double? RunningMs, double? AnswersMs);

/// <summary>An incident with what was kept of it.</summary>
/// <param name="Evidence">Null only if it is lost.</param>
public sealed record IncidentDetailsContract(IncidentContract Incident, EvidenceContract? Evidence, IncidentLinksContract Links);

/// <summary>What was kept before anything was done about a crash.</summary>
/// <param name="Console">The console's last 64 KiB, as text; null where LabNet does not see the console. What the guest wrote, escape sequences and all.</param>
/// <param name="QmpEvents">The last 200, the oldest first.</param>
/// <param name="ExitStatus">128 + signal for a signal; null where QEMU is there, or nobody saw its end.</param>
/// <param name="Stderr">QEMU's last words.</param>
/// <param name="Head">The snapshot that the machine had come from last.</param>
/// <param name="HeadDoubt">Why it may be another one; null if it is certain.</param>
/// <param name="From">From here to <paramref name="To"/> it is interesting what was traced and measured.</param>
/// <param name="TraceEvents">How many there are in between, by event.</param>
/// <param name="MetricSamples">How often the VM was measured in between.</param>
/// <param name="Missing">What could not be kept, and why.</param>
public sealed record EvidenceContract(
    string? Console,
    IReadOnlyList<EvidenceEventContract> QmpEvents,
    int? ExitStatus,
    string Stderr,
    string? Head,
    string? HeadDoubt,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyDictionary<string, long> TraceEvents,
    long MetricSamples,
    IReadOnlyList<string> Missing)
{
    internal static EvidenceContract Of(CrashEvidence evidence) => new(
        evidence.Console is { } console ? Encoding.UTF8.GetString(console) : null,
        [.. evidence.QmpEvents.Select(one => new EvidenceEventContract(one.At, one.Name, one.Text))],
        evidence.ExitStatus,
        evidence.Stderr,
        evidence.Head,
        evidence.HeadDoubt,
        evidence.From,
        evidence.To,
        evidence.TraceEvents.ToDictionary(one => one.Event, one => one.Count, StringComparer.Ordinal),
        evidence.MetricSamples,
        evidence.Missing);
}

public sealed record EvidenceEventContract(DateTimeOffset At, string Name, string Text);

/// <summary>Where to look on.</summary>
/// <param name="Console">Null without one.</param>
/// <param name="MemoryDump">Null where there is none, or none any more.</param>
public sealed record IncidentLinksContract(string Timeline, string Events, string? Console, string? MemoryDump);
