using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>A plan that is kept.</summary>
/// <param name="Id">For URLs.</param>
/// <param name="Text">YAML, as its author wrote it.</param>
public sealed record KeptPlan(string Id, string Name, string Text, DateTimeOffset SavedAt, string Actor);

public enum ChaosVerdict
{
    /// <summary>It is not over yet.</summary>
    Running,

    /// <summary>Each fault came, was lifted, and all held that had to.</summary>
    Passed,

    /// <summary>It ran to its end, and something did not hold.</summary>
    Failed,

    /// <summary>It did not run to its end: the plan's own stop condition, a person, or LabNet's end.</summary>
    Stopped,
}

/// <summary>A run of a plan.</summary>
/// <param name="Id">For URLs.</param>
/// <param name="PlanId">The plan that it is of; the plan may be another one by now, the run has its own text.</param>
/// <param name="Seed">The plan's, or the one that was asked for instead.</param>
/// <param name="Fingerprint">Of its schedule: runs that did the same have the same.</param>
/// <param name="Replays">The run whose schedule it did again; null for none.</param>
/// <param name="Reasons">Why it did not pass, in sentences; empty if it did.</param>
public sealed record ChaosRun(
    string Id,
    string PlanId,
    string Name,
    ulong Seed,
    string Fingerprint,
    string? Replays,
    string Actor,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    ChaosVerdict Verdict,
    ImmutableArray<string> Reasons,
    ChaosCounts Counts)
{
    /// <summary>When the plan's time began, after the checks before it; null before that.</summary>
    public DateTimeOffset? BeganAt { get; init; }

    /// <summary>From <see cref="BeganAt"/>.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>How far a run has come.</summary>
/// <param name="Planned">Faults of its schedule.</param>
/// <param name="InForce">That came.</param>
/// <param name="Seen">Whose effect was seen.</param>
/// <param name="Lifted">That are over, with nothing left of them.</param>
/// <param name="Missed">That did not come, or could not be lifted.</param>
public sealed record ChaosCounts(int Planned, int InForce, int Seen, int Lifted, int Missed, int ChecksHeld, int ChecksFailed);

/// <summary>What a line of a journal tells.</summary>
public enum ChaosStep
{
    Began,
    Planned,
    InForce,
    Seen,
    Lifted,
    Missed,
    Check,
    Stopping,
    Ended,
}

/// <summary>A line of a run's journal.</summary>
/// <param name="Number">From 1.</param>
/// <param name="AtMs">From the plan's beginning; null before it.</param>
/// <param name="Vm">Null for what concerns all.</param>
/// <param name="Fault">The fault's number in the schedule; null for none.</param>
/// <param name="Check">The check's name; null for none.</param>
/// <param name="Holds">Of a check, and of a fault whether it did what it should.</param>
/// <param name="LateMs">How much later than planned; null where nothing was planned.</param>
/// <param name="Text">A sentence; may hold what a guest said.</param>
public sealed record ChaosLine(
    long Number, DateTimeOffset At, double? AtMs, ChaosStep Step, VmName? Vm, int? Fault, string? Check, bool? Holds, double? LateMs, string Text);

/// <summary>A run came further; the whole run.</summary>
public sealed record ChaosRunChanged(ChaosRun Run, ChaosLine? Line) : EventItem
{
    public override string RetainedAs => "chaos-run";

    public override EventNote? Note => Line switch
    {
        { Step: ChaosStep.Began } => Told("began"),
        { Step: ChaosStep.Check, Holds: false } => Told("check-failed"),
        { Step: ChaosStep.Missed } => Told("missed"),
        { Step: ChaosStep.Stopping } => Told("stopping"),
        { Step: ChaosStep.Ended } => Told("ended"),
        _ => null,
    };

    private EventNote Told(string name) =>
        new(EventKind.Chaos, name, Line!.Text, Line.At.ToUnixTimeNs(), new JsonObject { ["run"] = Run.Id, ["plan"] = Run.Name, ["verdict"] = Run.Verdict.ToString().ToLowerInvariant() }.ToJsonString());
}
