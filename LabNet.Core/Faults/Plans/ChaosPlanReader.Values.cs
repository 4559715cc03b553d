using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

internal sealed partial class ChaosPlanReader
{
    private string? PlanName(YamlNode? node, string key)
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        if (LabName.TryParse(text, out _))
        {
            return text;
        }

        Tell(node!.At, $"{key} {Spelling.Quote(text)} is no name: {NameGrammar.Told}.");
        return null;
    }

    private ulong? ReadSeed(YamlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        if (node is YamlScalar { Text: var text } && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) && seed <= ChaosPlan.SeedMax)
        {
            return seed;
        }

        Tell(node.At, $"seed is a whole number from 0 to {ChaosPlan.SeedMax}, not {Kind(node)}.");
        return null;
    }

    private Distribution? Chance(YamlNode? node, string key, DistributionUnit unit)
    {
        if (node is null)
        {
            return null;
        }

        string? mistake = null;
        if (node is YamlScalar { Text: var text } && Distribution.TryParse(text, unit, out mistake) is { } distribution)
        {
            return distribution;
        }

        Tell(node.At, $"{key} is a {(unit == DistributionUnit.Time ? "time" : "number")}, {mistake ?? "such as 5s"}, not {Kind(node)}.");
        return null;
    }

    private TimeSpan? Time(YamlNode? node, string key, TimeSpan min, TimeSpan max)
    {
        if (node is null)
        {
            return null;
        }

        if (node is YamlScalar { Text: var text } && Distribution.TryParse(text, DistributionUnit.Time, out _) is Distribution.Constant { Value: var ms })
        {
            var time = TimeSpan.FromMilliseconds(Math.Min(ms, max.TotalMilliseconds + 1));
            if (time >= min && time <= max)
            {
                return time;
            }
        }

        Tell(node.At, $"{key} is a time from {Words(min)} to {Words(max)}, such as 30s, not {Kind(node)}.");
        return null;

        static string Words(TimeSpan time) => time.TotalHours >= 1 ? $"{time.TotalHours:0}h" : time.TotalSeconds >= 1 ? $"{time.TotalSeconds:0}s" : $"{time.TotalMilliseconds:0}ms";
    }

    private double? Percent(YamlNode node, string key)
    {
        if (node is YamlScalar { Text: var text } && double.TryParse(text.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100)
        {
            return percent;
        }

        Tell(node.At, $"{key} is a number from 0 to 100 with or without %, not {Kind(node)}.");
        return null;
    }

    private string? Word(YamlNode node, string key, params IReadOnlyList<string> allowed)
    {
        if (node is YamlScalar { Text: var text } && allowed.Contains(text))
        {
            return text;
        }

        Tell(node.At, $"{key} is one of {Spelling.List(allowed)}, not {Kind(node)}.");
        return null;
    }

    /// <summary>One that matches none of the lab's VMs is told: a plan that does nothing looks like one that passed.</summary>
    private VmSelector? Selector(YamlNode? node, string key, VmSelector? absent)
    {
        if (node is null)
        {
            return absent;
        }

        string? mistake = null;
        if (node is not YamlScalar { Text: var text } || VmSelector.TryParse(text, out mistake) is not { } selector)
        {
            Tell(node.At, $"{key} says which VMs: {mistake ?? "all, or such as arch == aarch64"}");
            return null;
        }

        if (lab.Vms.Any(selector.Wants))
        {
            return selector;
        }

        Tell(node.At, $"{key} {Spelling.Quote(text)} matches no VM of the lab {lab.Name}. Its VMs: {Spelling.List(lab.Vms.Select(vm => vm.Name.ToString()))}.");
        return null;
    }
}
