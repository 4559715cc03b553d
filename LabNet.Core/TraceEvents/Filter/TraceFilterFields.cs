using System.Runtime.CompilerServices;
using LabNet.Core.Qmp;

namespace LabNet.Core.TraceEvents;

/// <summary>Of what a field can have values.</summary>
[Flags]
internal enum TraceFilterKinds
{
    None = 0,
    Numbers = 1,
    Texts = 2,
}

internal enum TraceFilterSubject
{
    Event,
    Cpu,
    Thread,
    Latency,
    Argument,
}

/// <summary>What is compared.</summary>
/// <param name="Name">Of an argument, as QEMU declares it.</param>
/// <param name="Kinds">Both of an argument that is a number in one event and a text in another.</param>
internal sealed record TraceFilterField(TraceFilterSubject Subject, string Name, TraceFilterKinds Kinds)
{
    public bool HasNumbers => Kinds.HasFlag(TraceFilterKinds.Numbers);

    public bool HasTexts => Kinds.HasFlag(TraceFilterKinds.Texts);
}

/// <summary>The fields and events that a catalogue knows.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class TraceFilterFields
{
    /// <summary>Before an argument that is called like a field or a keyword.</summary>
    public const string ArgumentPrefix = "args.";

    private static readonly ConditionalWeakTable<TraceCatalogue, TraceFilterFields> OfCatalogue = [];

    private static readonly Dictionary<string, TraceFilterField> OfRow = new TraceFilterField[]
    {
        new(TraceFilterSubject.Event, "event", TraceFilterKinds.Texts),
        new(TraceFilterSubject.Cpu, "cpu", TraceFilterKinds.Numbers),
        new(TraceFilterSubject.Thread, "thread", TraceFilterKinds.Numbers),
        new(TraceFilterSubject.Latency, "latencyUs", TraceFilterKinds.Numbers),
    }.ToDictionary(field => field.Name, StringComparer.Ordinal);

    private readonly TraceCatalogue _catalogue;
    private readonly Dictionary<string, TraceFilterKinds> _arguments = new(StringComparer.Ordinal);

    private TraceFilterFields(TraceCatalogue catalogue)
    {
        _catalogue = catalogue;
        IsComplete = catalogue.Formats.Count > 0;
        foreach (var argument in catalogue.Events.SelectMany(type => type.Arguments).Concat(TraceDevice.Added).Concat(TraceEventType.Unparsed.Arguments))
        {
            var kind = argument.Kind == TraceValueKind.Text ? TraceFilterKinds.Texts : TraceFilterKinds.Numbers;
            _arguments[argument.Name] = _arguments.GetValueOrDefault(argument.Name) | kind;
        }
    }

    /// <summary>False where nothing is declared: every name is taken then.</summary>
    public bool IsComplete { get; }

    public static TraceFilterFields Of(TraceCatalogue catalogue) => OfCatalogue.GetValue(catalogue, static one => new TraceFilterFields(one));

    public TraceFilterField? Find(string word)
    {
        if (OfRow.TryGetValue(word, out var ofRow))
        {
            return ofRow;
        }

        var name = word.StartsWith(ArgumentPrefix, StringComparison.Ordinal) ? word[ArgumentPrefix.Length..] : word;
        if (IsComplete)
        {
            return _arguments.TryGetValue(name, out var kinds) ? new TraceFilterField(TraceFilterSubject.Argument, name, kinds) : null;
        }

        var isName = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
        return isName ? new TraceFilterField(TraceFilterSubject.Argument, name, TraceFilterKinds.Numbers | TraceFilterKinds.Texts) : null;
    }

    public string? NearestField(string word)
    {
        if (word.StartsWith(ArgumentPrefix, StringComparison.Ordinal))
        {
            return NearestWord.Of(word[ArgumentPrefix.Length..], _arguments.Keys) is { } argument ? ArgumentPrefix + argument : null;
        }

        var known = OfRow.Keys.Concat(_arguments.Keys);
        return known.FirstOrDefault(name => name.Equals(word, StringComparison.OrdinalIgnoreCase)) ?? NearestWord.Of(word, known);
    }

    public bool HasEvent(string name) => !IsComplete || _catalogue.Find(name) is not null;

    public bool HasEventLike(TraceGlob glob) => !IsComplete || _catalogue.Events.Any(type => glob.Fits(type.Name));

    public string? NearestEvent(string name) => NearestWord.Of(name, _catalogue.Events.Select(type => type.Name));

    /// <summary>Of a pattern that begins as no event does: the nearest beginning that ends with a part of a name.</summary>
    public string? NearestPattern(string pattern)
    {
        var beginning = pattern[..pattern.AsSpan().IndexOfAny('*', '?')];
        var known = _catalogue.Events.SelectMany(type => Beginnings(type.Name)).Distinct(StringComparer.Ordinal);
        return NearestWord.Of(beginning, known) is { } nearest && nearest != beginning ? nearest + "*" : null;
    }

    private static IEnumerable<string> Beginnings(string name) =>
        Enumerable.Range(0, name.Length).Where(place => name[place] == '_').Select(place => name[..(place + 1)]).Append(name);
}
