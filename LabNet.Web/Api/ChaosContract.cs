using LabNet.Core.Faults;
using LabNet.Core.Labs;

namespace LabNet.Web.Api;

/// <summary>A kept plan.</summary>
/// <param name="Text">YAML; null in a list.</param>
public sealed record ChaosPlanContract(string Id, string Name, DateTimeOffset SavedAt, string SavedBy, string? Text)
{
    internal static ChaosPlanContract Of(KeptPlan plan, bool withText) => new(plan.Id, plan.Name, plan.SavedAt, plan.Actor, withText ? plan.Text : null);
}

/// <summary>A plan to be kept, or looked at.</summary>
/// <param name="Text">YAML, as docs/chaos.md says.</param>
public sealed record ChaosPlanText(string Text);

/// <param name="Line">From 1; 0 where the text as a whole is meant.</param>
/// <param name="Column">From 1; 0 where the text as a whole is meant.</param>
public sealed record ChaosMistakeContract(int Line, int Column, string Message)
{
    internal static ChaosMistakeContract Of(LabFileMistake mistake) => new(mistake.Line, mistake.Column, mistake.Message);
}

/// <summary>What is wrong with a plan, or what it would do.</summary>
/// <param name="Mistakes">Empty of a plan that can be run.</param>
/// <param name="Fingerprint">Of its schedule: runs that do the same have the same.</param>
/// <param name="LeftOut">Faults that came by chance while another held what they need, and found no place.</param>
public sealed record ChaosCheckContract(
    IReadOnlyList<ChaosMistakeContract> Mistakes, string? Name, ulong? Seed, double? DurationSeconds, int? Faults, int? LeftOut, string? Fingerprint);

/// <summary>A run to be begun.</summary>
/// <param name="Seed">Instead of the plan's own.</param>
/// <param name="Replay">A run of this plan that is done again, with its own text and schedule.</param>
public sealed record ChaosRunRequest(ulong? Seed = null, string? Replay = null);

/// <param name="Operation">By which it can be followed and cancelled.</param>
public sealed record ChaosRunStarted(string Operation, string Run);

/// <summary>A run of a plan.</summary>
/// <param name="BeganAt">When the plan's time began, after the checks before it.</param>
/// <param name="Reasons">Why it did not pass.</param>
public sealed record ChaosRunContract(
    string Id,
    string Plan,
    string Name,
    ulong Seed,
    string Fingerprint,
    string? Replays,
    string StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset? BeganAt,
    DateTimeOffset? EndedAt,
    double DurationSeconds,
    ChaosVerdict Verdict,
    IReadOnlyList<string> Reasons,
    ChaosCounts Counts)
{
    internal static ChaosRunContract Of(ChaosRun run) => new(
        run.Id, run.PlanId, run.Name, run.Seed, run.Fingerprint, run.Replays, run.Actor, run.StartedAt, run.BeganAt, run.EndedAt, run.Duration.TotalSeconds, run.Verdict, run.Reasons, run.Counts);
}

/// <summary>A run with a part of its journal.</summary>
/// <param name="Journal">Oldest first; more of it is asked for by `after`, the number of the last line here.</param>
public sealed record ChaosRunDetailsContract(ChaosRunContract Run, IReadOnlyList<ChaosLineContract> Journal);

/// <summary>A line of a journal.</summary>
/// <param name="AtMs">From the plan's beginning; null before it.</param>
/// <param name="Fault">The fault's number in the schedule.</param>
/// <param name="Check">The check's name.</param>
/// <param name="Holds">Of a check; of a fault whether it did what it should.</param>
/// <param name="LateMs">How much later than planned.</param>
public sealed record ChaosLineContract(
    long Number, DateTimeOffset Time, double? AtMs, ChaosStep Step, string? Vm, int? Fault, string? Check, bool? Holds, double? LateMs, string Text)
{
    internal static ChaosLineContract Of(ChaosLine line) =>
        new(line.Number, line.At, line.AtMs, line.Step, line.Vm?.ToString(), line.Fault, line.Check, line.Holds, line.LateMs, line.Text);
}
