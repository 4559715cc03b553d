using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>Reads a plan out of a YAML tree.</summary>
/// <param name="mistakes">Where they are told, in any order.</param>
/// <param name="lab">Whose VMs the plan is for.</param>
internal sealed partial class ChaosPlanReader(List<LabFileMistake> mistakes, Lab lab) : YamlValueReader(mistakes)
{
    private const int SettleSecondsAtFirst = 60;
    private static readonly TimeSpan DurationMax = TimeSpan.FromHours(24);

    private readonly Dictionary<string, Place> _names = new(StringComparer.Ordinal);

    /// <returns>Null, or incomplete, when there are mistakes.</returns>
    public ChaosPlan? Read(YamlNode root)
    {
        if (Open(root, "The plan", ChaosPlanKeys.Plan, ChaosPlanKeys.PlanRequired) is not { } plan)
        {
            return null;
        }

        var name = PlanName(plan.Find("name"), "name");
        var seed = ReadSeed(plan.Find("seed"));
        var duration = Time(plan.Find("duration"), "duration", TimeSpan.FromMilliseconds(1), DurationMax);
        var settle = plan.Find("settle") is { } settleNode ? Time(settleNode, "settle", TimeSpan.Zero, TimeSpan.FromHours(1)) : TimeSpan.FromSeconds(SettleSecondsAtFirst);
        var faults = ReadFaults(plan.Find("faults"));
        var checks = ReadChecks(plan.Find("checks"));
        var stop = ReadStop(plan.Find("stop"));
        return name is null || seed is null || duration is null || settle is null
            ? null
            : new ChaosPlan(name, seed.Value, duration.Value, settle.Value, faults, checks, stop);
    }

    private ImmutableArray<ChaosFault> ReadFaults(YamlNode? node)
    {
        if (node is not YamlList { Items: { Count: > 0 } items })
        {
            if (node is not null)
            {
                Tell(node.At, "faults is a list with one fault at least, such as [ { kind: pause, duration: 1s } ].");
            }

            return [];
        }

        var faults = ImmutableArray.CreateBuilder<ChaosFault>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (ReadFault(item, numbers) is { } fault)
            {
                faults.Add(fault);
            }
        }

        return faults.DrainToImmutable();
    }

    private ChaosFault? ReadFault(YamlNode node, Dictionary<string, int> numbers)
    {
        // The members of the kind are FaultJson's to judge.
        var members = node is YamlMap { Entries: var entries } ? entries.Select(entry => entry.Key).Except(ChaosPlanKeys.Fault).ToList() : [];
        if (Open(node, "A fault", [.. ChaosPlanKeys.Fault, .. members], ChaosPlanKeys.FaultRequired) is not { } fields || Text(fields.Find("kind"), "kind") is not { } kind)
        {
            return null;
        }

        if (!FaultKinds.All.Contains(kind))
        {
            Tell(fields.Find("kind")!.At, $"There is no fault of the kind {Spelling.Quote(kind)}.{Spelling.DidYouMean(kind, FaultKinds.All)} Kinds: {Spelling.List(FaultKinds.All)}.");
            return null;
        }

        numbers[kind] = numbers.GetValueOrDefault(kind) + 1;
        var name = fields.Find("name") is { } nameNode ? PlanName(nameNode, "name") : $"{kind}-{numbers[kind].ToString(CultureInfo.InvariantCulture)}";
        var targets = Selector(fields.Find("targets"), "targets", VmSelector.All);
        var picksOne = fields.Find("pick") is { } pick && Word(pick, "pick", "all", "one") == "one";
        var at = Chance(fields.Find("at"), "at", DistributionUnit.Time) ?? Distribution.Of(0);
        var every = Chance(fields.Find("every"), "every", DistributionUnit.Time);
        var count = fields.Find("count") is { } countNode ? Integer(countNode, "count", 1, ChaosSchedule.FaultsMax) : null;
        var percent = fields.Find("chance") is { } chanceNode ? Percent(chanceNode, "chance") : 100;
        var duration = Chance(fields.Find("duration"), "duration", DistributionUnit.Time);
        var template = new FaultTemplate(kind, [.. members.Select(member => new FaultTemplate.Member(member, ReadMember(fields.Find(member)!)))]);
        if (name is null || targets is null || percent is null || !Claim(name, node.At))
        {
            return null;
        }

        if (count > 1 && every is null)
        {
            Tell(fields.Find("count")!.At, "A count without every: say how long it is from one to the next, such as every: 5s.");
        }

        var fault = new ChaosFault(name, targets, picksOne, at, every, count, percent.Value, duration, template);
        TryOnTargets(fault, node.At);
        return fault;
    }

    /// <summary>Lets each target's fault be made once, so that what is wrong with it is told now and not in the middle of a run.</summary>
    private void TryOnTargets(ChaosFault fault, Place at)
    {
        foreach (var vm in lab.Vms.Where(fault.Targets.Wants))
        {
            var random = new ChaosRandom(seed: 0, fault.Name);
            if (fault.Template.Sample(vm, fault.Duration is null ? 0 : Math.Max(1, Math.Round(fault.Duration.Sample(random))), random, out var mistake) is null)
            {
                Tell(at, $"The fault {fault.Name} on {vm.Name}: {mistake!.Replace("durationMs", "duration", StringComparison.Ordinal)}");
                return;
            }
        }
    }

    private FaultTemplate.Value ReadMember(YamlNode node)
    {
        switch (node)
        {
            case YamlScalar { Text: var text } when (text.Contains('(', StringComparison.Ordinal) || text.Contains("..", StringComparison.Ordinal)) && Distribution.TryParse(text, DistributionUnit.Number, out var mistake) is var chance:
                if (chance is null)
                {
                    Tell(node.At, $"{Spelling.Quote(text)} is no number by chance: {mistake}.");
                    return new FaultTemplate.Value.Fixed(Node: null);
                }

                return new FaultTemplate.Value.Chance(chance);
            case YamlList { Items: { Count: > 0 } items } when items.All(item => item is YamlScalar):
                return new FaultTemplate.Value.Choice([.. items.Select(item => JsonOf((YamlScalar)item))]);
            case YamlScalar scalar:
                return new FaultTemplate.Value.Fixed(JsonOf(scalar));
            default:
                Tell(node.At, $"Here is a value, a number by chance such as 1..5, or a list to choose from, not {Kind(node)}.");
                return new FaultTemplate.Value.Fixed(Node: null);
        }
    }

    private static JsonValue? JsonOf(YamlScalar scalar) => scalar switch
    {
        { IsPlain: true, Text: "true" } => JsonValue.Create(true),
        { IsPlain: true, Text: "false" } => JsonValue.Create(false),
        { IsPlain: true, Text: var text } when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        { IsPlain: true, Text: var text } when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(scalar.Text),
    };

    private bool Claim(string name, Place at)
    {
        if (_names.TryAdd(name, at))
        {
            return true;
        }

        Tell(at, $"The name {name} stands twice, first in line {_names[name].Line}. Give one of them another name:.");
        return false;
    }
}
