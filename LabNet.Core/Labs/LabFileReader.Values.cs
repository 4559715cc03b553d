namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
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
}
