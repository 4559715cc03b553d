using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

internal sealed partial class ChaosPlanReader
{
    private const int PingPackets = 5;
    private const int PingPacketsMax = 100;
    private const int FioSeconds = 5;
    private const int StatusOk = 200;

    private static readonly TimeSpan EveryAtFirst = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PatienceAtFirst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HourMax = TimeSpan.FromHours(1);

    private ImmutableArray<SteadyCheck> ReadChecks(YamlNode? node)
    {
        if (node is null)
        {
            return [];
        }

        if (node is not YamlList { Items: var items })
        {
            Tell(node.At, "checks is a list, such as [ { kind: program, command: [/bin/true] } ].");
            return [];
        }

        var checks = ImmutableArray.CreateBuilder<SteadyCheck>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (ReadCheck(item, numbers) is { } check && Claim(check.Name, item.At))
            {
                checks.Add(check);
            }
        }

        return checks.DrainToImmutable();
    }

    private SteadyCheck? ReadCheck(YamlNode node, Dictionary<string, int> numbers)
    {
        var kind = node is YamlMap { Entries: var entries } && entries.FirstOrDefault(entry => entry.Key == "kind") is { Value: YamlScalar { Text: var word } } ? word : null;
        if (kind is not null && ChaosPlanKeys.OfCheck(kind) is null)
        {
            Tell(node.At, $"There is no check of the kind {Spelling.Quote(kind)}.{Spelling.DidYouMean(kind, ChaosPlanKeys.CheckKinds)} Kinds: {Spelling.List(ChaosPlanKeys.CheckKinds)}.");
            return null;
        }

        if (Open(node, "A check", [.. ChaosPlanKeys.Check, .. kind is null ? [] : ChaosPlanKeys.OfCheck(kind)!.Value], ChaosPlanKeys.CheckRequired) is not { } fields || kind is null)
        {
            return null;
        }

        numbers[kind] = numbers.GetValueOrDefault(kind) + 1;
        var name = fields.Find("name") is { } nameNode ? PlanName(nameNode, "name") : $"{kind}-check-{numbers[kind].ToString(CultureInfo.InvariantCulture)}";
        var when = ReadWhen(fields.Find("when"));
        var every = fields.Find("every") is { } everyNode ? Time(everyNode, "every", TimeSpan.FromMilliseconds(100), HourMax) : EveryAtFirst;
        var patience = fields.Find("patience") is { } patienceNode ? Time(patienceNode, "patience", TimeSpan.FromMilliseconds(100), HourMax) : PatienceAtFirst;
        return name is null || every is null || patience is null ? null : ReadCheck(kind, fields, node.At, name, when, every.Value, patience.Value);
    }

    private SteadyCheck? ReadCheck(string kind, Fields fields, Place at, string name, CheckTime when, TimeSpan every, TimeSpan patience)
    {
        switch (kind)
        {
            case "program":
                var command = ReadCommand(fields.Find("command"), at);
                return Selector(fields.Find("targets"), "targets", VmSelector.All) is { } runs && command is not null ? new ProgramCheck(name, when, every, patience, runs, command.Value) : null;
            case "ping":
                var (from, to) = (Selector(fields.Find("from"), "from", VmSelector.All), Selector(fields.Find("to"), "to", VmSelector.All));
                var loss = fields.Find("lossBelow") is { } lossNode ? Percent(lossNode, "lossBelow") : 100;
                var packets = fields.Find("packets") is { } packetsNode ? Integer(packetsNode, "packets", 1, PingPacketsMax) : PingPackets;
                return from is null || to is null || loss is null || packets is null ? null : new PingCheck(name, when, every, patience, from, to, loss.Value, packets.Value);
            case "http":
                var url = ReadUrl(fields.Find("url"), at);
                var status = fields.Find("status") is { } statusNode ? Integer(statusNode, "status", 100, 599) : StatusOk;
                return Selector(fields.Find("from"), "from", VmSelector.All) is { } asks && url is not null && status is not null ? new HttpCheck(name, when, every, patience, asks, url, status.Value) : null;
            case "fio":
                var seconds = fields.Find("seconds") is { } secondsNode ? Integer(secondsNode, "seconds", 1, 3600) : FioSeconds;
                return Selector(fields.Find("targets"), "targets", VmSelector.All) is { } writes && seconds is not null
                    ? new FioCheck(name, when, every, patience + TimeSpan.FromSeconds(seconds.Value), writes, seconds.Value)
                    : null;
            default:
                return Selector(fields.Find("targets"), "targets", VmSelector.All) is { } watched ? new ConsoleCheck(name, when, every, patience, watched) : null;
        }
    }

    private CheckTime ReadWhen(YamlNode? node)
    {
        if (node is null)
        {
            return CheckTime.Before | CheckTime.During | CheckTime.After;
        }

        var when = CheckTime.None;
        foreach (var item in node is YamlList { Items: var items } ? items : [node])
        {
            when |= Word(item, "when", "before", "during", "after") switch
            {
                "before" => CheckTime.Before,
                "during" => CheckTime.During,
                "after" => CheckTime.After,
                _ => CheckTime.None,
            };
        }

        return when;
    }

    private ImmutableArray<string>? ReadCommand(YamlNode? node, Place check)
    {
        if (node is YamlList { Items: { Count: > 0 } items } && items.All(item => item is YamlScalar))
        {
            return [.. items.Select(item => ((YamlScalar)item).Text)];
        }

        Tell(node?.At ?? check, "command is a list of a program and its arguments, such as [/bin/true]; for a shell: [/bin/sh, -c, \"test -e /tmp/x\"].");
        return null;
    }

    private Uri? ReadUrl(YamlNode? node, Place check)
    {
        if (node is YamlScalar { Text: var text } && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        Tell(node?.At ?? check, "url is an address that the guest asks, such as http://10.10.10.1:8000/.");
        return null;
    }

    private ChaosStop ReadStop(YamlNode? node)
    {
        if (node is null || Open(node, "stop", ChaosPlanKeys.Stop, []) is not { } fields)
        {
            return new ChaosStop(FailedChecks: null, VmLost: true);
        }

        var failed = fields.Find("failedChecks") is { } failedNode ? Integer(failedNode, "failedChecks", 1, 1_000_000) : null;
        var vmLost = fields.Find("vmLost") is not { } lostNode || Word(lostNode, "vmLost", "true", "false") == "true";
        return new ChaosStop(failed, vmLost);
    }
}
