using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

/// <summary>
/// Reads values out of a YAML tree. Reading goes on after a mistake, with null for what was wrong, so that one reading tells all mistakes;
/// what depends on something that was told already is not told again.
/// </summary>
/// <param name="mistakes">Where they are told, in any order.</param>
internal abstract partial class YamlValueReader(List<LabFileMistake> mistakes)
{
    protected List<LabFileMistake> Mistakes { get; } = mistakes;

    protected void Tell(Place at, string message) => Mistakes.Add(new LabFileMistake(at.Line, at.Column, message));

    /// <summary>Tells unknown and missing keys.</summary>
    /// <returns>Null when the node is no mapping.</returns>
    protected Fields? Open(YamlNode node, string what, IReadOnlyList<string> keys, IReadOnlyList<string> required)
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

    protected string? Text(YamlNode? node, string key)
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

    protected int? Integer(YamlNode? node, string key, int min, int max)
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

    protected TWord? OneOf<TWord>(YamlNode? node, string key, Func<TWord, string> word) where TWord : struct, Enum
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

    protected static string Kind(YamlNode node) => node switch
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
    protected sealed class Fields(IReadOnlyList<YamlEntry> entries)
    {
        public YamlNode? Find(string key) => FindEntry(key)?.Value;

        public YamlEntry? FindEntry(string key) => entries.FirstOrDefault(entry => entry.Key == key);
    }
}
