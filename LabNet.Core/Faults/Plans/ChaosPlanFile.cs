using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>What reading a plan gave: a plan, or everything that is wrong with it, in the text's order.</summary>
public sealed record ChaosPlanReading(ChaosPlan? Plan, ImmutableArray<LabFileMistake> Mistakes)
{
    public bool TryGetPlan([NotNullWhen(true)] out ChaosPlan? plan)
    {
        plan = Plan;
        return plan is not null;
    }
}

/// <summary>Reads chaos plans: one YAML 1.2 document, whose keys docs/chaos.md lists. A wrong plan is expected: nothing here throws for what it says.</summary>
public static class ChaosPlanFile
{
    /// <summary>Some thousand faults and checks.</summary>
    public const int TextCharsMax = 256 * 1024;

    /// <param name="text">The plan's.</param>
    /// <param name="lab">Whose VMs it is for: a selector that matches none of them is a mistake.</param>
    public static ChaosPlanReading Read(string text, Lab lab)
    {
        var mistakes = new List<LabFileMistake>();
        if (text.Length > TextCharsMax)
        {
            mistakes.Add(new LabFileMistake(0, 0, $"The plan is longer than {TextCharsMax / 1024} KiB; is it the right file?"));
            return new ChaosPlanReading(Plan: null, [.. mistakes]);
        }

        var root = YamlTreeReader.Read(text, "plan", ChaosPlanKeys.PlanRequired, mistakes);
        var plan = root is null ? null : new ChaosPlanReader(mistakes, lab).Read(root);
        return plan is not null && mistakes.Count == 0
            ? new ChaosPlanReading(plan, [])
            : new ChaosPlanReading(Plan: null, [.. mistakes.Distinct().OrderBy(mistake => mistake.Line).ThenBy(mistake => mistake.Column)]);
    }
}

/// <summary>The keys of a plan's mappings, in the order in which messages list them.</summary>
public static class ChaosPlanKeys
{
    public static ImmutableArray<string> Plan { get; } = ["name", "seed", "duration", "settle", "faults", "checks", "stop"];

    public static ImmutableArray<string> PlanRequired { get; } = ["name", "seed", "duration", "faults"];

    /// <summary>Beside the members of the fault's kind.</summary>
    public static ImmutableArray<string> Fault { get; } = ["kind", "name", "targets", "pick", "at", "every", "count", "chance", "duration"];

    public static ImmutableArray<string> FaultRequired { get; } = ["kind"];

    /// <summary>Of every check; each kind has more.</summary>
    public static ImmutableArray<string> Check { get; } = ["kind", "name", "when", "every", "patience"];

    public static ImmutableArray<string> CheckRequired { get; } = ["kind"];

    public static ImmutableArray<string> Stop { get; } = ["failedChecks", "vmLost"];

    /// <returns>Null for a kind that there is not.</returns>
    public static ImmutableArray<string>? OfCheck(string kind) => kind switch
    {
        "program" => ["targets", "command"],
        "ping" => ["from", "to", "lossBelow", "packets"],
        "http" => ["from", "url", "status"],
        "fio" => ["targets", "seconds"],
        "console" => ["targets"],
        _ => null,
    };

    public static ImmutableArray<string> CheckKinds { get; } = ["program", "ping", "http", "fio", "console"];
}
