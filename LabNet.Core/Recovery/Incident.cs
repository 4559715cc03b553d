using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Core.Recovery;

/// <summary>How a crash ended.</summary>
public enum IncidentOutcome
{
    /// <summary>It is being brought back.</summary>
    Recovering,

    /// <summary>It runs again and its guest answers.</summary>
    Recovered,

    /// <summary>It runs again, and its guest did not answer in time.</summary>
    Running,

    /// <summary>The policy leaves it as it is.</summary>
    Left,

    /// <summary>The budget is used up.</summary>
    BreakerOpen,

    /// <summary>It could not be brought back.</summary>
    Failed,

    /// <summary>A person cancelled it.</summary>
    Cancelled,

    /// <summary>Somebody else brought it back, or ended it, first.</summary>
    Superseded,

    /// <summary>It crashed again before its guest answered; that is an incident of its own.</summary>
    CrashedAgain,
}

public static class IncidentOutcomes
{
    /// <summary>The word of the REST contract, such as <c>breaker-open</c>.</summary>
    public static string Word(this IncidentOutcome outcome) => outcome switch
    {
        IncidentOutcome.BreakerOpen => "breaker-open",
        IncidentOutcome.CrashedAgain => "crashed-again",
        _ => outcome.ToString().ToLowerInvariant(),
    };
}

/// <summary>A crash and what was done about it; what was kept of it is its <see cref="CrashEvidence"/>.</summary>
/// <param name="At">When it happened, as near as anybody knows.</param>
/// <param name="Seen">A sentence.</param>
/// <param name="Policy">As it was then (<see cref="RecoveryPolicy.Text"/>).</param>
/// <param name="Steps">What was done.</param>
/// <param name="Told">How it ended, in a sentence; empty while it goes on.</param>
public sealed record Incident(
    string Id,
    VmName Vm,
    CrashKind Kind,
    DateTimeOffset At,
    string Seen,
    string Policy,
    ImmutableArray<IncidentStep> Steps,
    IncidentOutcome Outcome,
    string Told,
    IncidentTimes Times)
{
    /// <summary>The QEMU that it happened to (pid, start, boot), so that a LabNet that comes later does not take it for another crash; null of an attached VM.</summary>
    public string? Process { get; init; }

    /// <summary>The operation that brought the VM back; null where none did.</summary>
    public string? Operation { get; init; }

    /// <summary>Bytes of the guest's memory that were written to <see cref="MemoryDumps"/>; null where that was not asked for or not possible.</summary>
    public long? DumpBytes { get; init; }

    public bool IsOpen => Outcome == IncidentOutcome.Recovering;

    /// <summary>Later ones sort behind.</summary>
    internal static string NewId() => Guid.CreateVersion7().ToString("N");
}

public sealed record IncidentStep(DateTimeOffset At, string Text);

/// <summary>Milliseconds after the crash; null for what did not happen, or not yet.</summary>
/// <param name="Noticed">LabNet knew of it.</param>
/// <param name="Kept">The evidence was in lab.db.</param>
/// <param name="Running">QEMU said that the guest runs again.</param>
/// <param name="Answers">The guest's agent answered.</param>
public sealed record IncidentTimes(double Noticed, double? Kept = null, double? Running = null, double? Answers = null);
