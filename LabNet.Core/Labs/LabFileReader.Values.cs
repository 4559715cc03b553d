using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
    private void Tell(Place at, string message) => mistakes.Add(new LabFileMistake(at.Line, at.Column, message));

    /// <summary>Tells unknown and missing keys.</summary>
    /// <returns>Null when the node is no mapping.</returns>
    private Fields? Open(YamlNode node, string what, IReadOnlyList<string> keys, IReadOnlyList<string> required)
    {
        if (node is not YamlMap { Entries: var entries })
        {
            Tell(node.At, $"{what} is a mapping with the keys {Spelling.List(keys)}.");
            return null;
        }

        foreach (var entry in entries.Where(entry => !keys.Contains(entry.Key)))
        {
            var hint = Spelling.DidYouMean(entry.Key, keys);
            Tell(entry.At, $"{what} has no key {Spelling.Quote(entry.Key)}.{hint} Its keys are {Spelling.List(keys)}.");
        }

        foreach (var missing in required.Where(key => entries.All(entry => entry.Key != key)))
        {
            Tell(node.At, $"{what} lacks the key \"{missing}\".");
        }

        return new Fields(entries);
    }

    /// <summary>The entries of a mapping whose keys are names of the file's author.</summary>
    private IEnumerable<(TName Name, YamlEntry Entry)> Named<TName>(YamlNode? node, string key, bool mayBeEmpty)
        where TName : struct, ILabName<TName>
    {
        if (node is null)
        {
            yield break;
        }

        if (node is not YamlMap { Entries: var entries })
        {
            Tell(node.At, $"{key} is a mapping of names, each with its own keys.");
            yield break;
        }

        if (entries.Count == 0 && !mayBeEmpty)
        {
            Tell(node.At, $"{key} is empty; a lab needs at least one.");
        }

        foreach (var entry in entries)
        {
            if (NameGrammar.TryParse(entry.Key, out TName name))
            {
                yield return (name, entry);
            }
            else
            {
                Tell(entry.At, $"{Spelling.Quote(entry.Key)} is no name in {key}: {NameGrammar.Told}.");
            }
        }
    }

    private string? Text(YamlNode? node, string key)
    {
        if (node is null)
        {
            return null;
        }

        if (node is not YamlScalar scalar || (scalar.IsPlain && OtherThanText().IsMatch(scalar.Text)))
        {
            Tell(node.At, $"{key} is a text, not {Kind(node)}.");
            return null;
        }

        return scalar.Text;
    }

    private int? Integer(YamlNode? node, string key, int min, int max)
    {
        if (node is null)
        {
            return null;
        }

        if (node is not YamlScalar { IsPlain: true } scalar || !WholeNumber().IsMatch(scalar.Text))
        {
            Tell(node.At, $"{key} is a whole number from {min} to {max}, not {Kind(node)}.");
            return null;
        }

        if (!int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || number < min
            || number > max)
        {
            Tell(node.At, $"{key} {Spelling.Quote(scalar.Text)} is outside {min} to {max}.");
            return null;
        }

        return number;
    }

    private TName? Name<TName>(YamlNode? node, string key) where TName : struct, ILabName<TName>
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        if (!NameGrammar.TryParse(text, out TName name))
        {
            Tell(node!.At, $"{key} {Spelling.Quote(text)} is no name: {NameGrammar.Told}.");
            return null;
        }

        return name;
    }

    /// <summary>A name that must be one of those known; <paramref name="words"/> are allowed too, but no names.</summary>
    private TName? Known<TName>(TName? name, YamlNode? node, string key, IEnumerable<TName> known, params IEnumerable<string> words)
        where TName : struct
    {
        if (name is null || known.Contains(name.Value))
        {
            return name;
        }

        var allowed = known.Select(one => one.ToString()!).Concat(words).ToList();
        var hint = Spelling.DidYouMean(name.Value.ToString()!, allowed);
        Tell(node!.At, $"There is no {key} \"{name}\".{hint} Known: {(allowed.Count == 0 ? "none" : Spelling.List(allowed))}.");
        return null;
    }

    private TWord? OneOf<TWord>(YamlNode? node, string key, Func<TWord, string> word) where TWord : struct, Enum
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        foreach (var value in Enum.GetValues<TWord>())
        {
            if (word(value) == text)
            {
                return value;
            }
        }

        var allowed = Enum.GetValues<TWord>().Select(word).ToList();
        Tell(node!.At, $"{key} can't be {Spelling.Quote(text)}.{Spelling.DidYouMean(text, allowed)} Allowed: {Spelling.List(allowed)}.");
        return null;
    }

    private Ipv4Interface? Interface(string text, Place at, string example)
    {
        var problem = !Ipv4Interface.TryParse(text, out var value) ? "is no IPv4 address with a prefix"
            : !value.Address.IsUnicast ? "can't belong to an interface: it is of 0.0.0.0/8, loopback, multicast or reserved"
            : value.PrefixLength is < 8 or > 31 ? "has no sensible prefix: from 8 to 31"
            : value.IsNetworkOrBroadcast ? "names its whole network, not one interface"
            : null;
        if (problem is null)
        {
            return value;
        }

        Tell(at, $"Address {Spelling.Quote(text)} {problem}. {example}");
        return null;
    }

    private static string Kind(YamlNode node) => node switch
    {
        YamlMap => "a mapping",
        YamlList => "a list",
        YamlScalar { IsPlain: true, Text: "" or "~" or "null" or "Null" or "NULL" } => "nothing",
        YamlScalar { IsPlain: true } scalar when OtherThanText().IsMatch(scalar.Text) => $"the value {Spelling.Quote(scalar.Text)}",
        YamlScalar scalar => $"the text {Spelling.Quote(scalar.Text)}",
        _ => "this",
    };

    /// <summary>What YAML 1.2's core schema (§ 10.3.2) takes for something else than text when it stands without quotes.</summary>
    [GeneratedRegex(
        """
        \A(
            | ~ | null | Null | NULL | true | True | TRUE | false | False | FALSE
            | 0o[0-7]+ | 0x[0-9a-fA-F]+
            | [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ( [eE][-+]?[0-9]+ )?
            | [-+]? \.(inf|Inf|INF) | \.(nan|NaN|NAN)
        )\z
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex OtherThanText();

    [GeneratedRegex(@"\A[-+]?[0-9]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WholeNumber();

    /// <summary>A mapping whose keys were checked.</summary>
    private sealed class Fields(IReadOnlyList<YamlEntry> entries)
    {
        public YamlNode? Find(string key) => FindEntry(key)?.Value;

        public YamlEntry? FindEntry(string key) => entries.FirstOrDefault(entry => entry.Key == key);
    }
}
