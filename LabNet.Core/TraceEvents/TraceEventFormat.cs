using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>A trace event, and how its text is read.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class TraceEventFormat
{
    private readonly TraceText _text;

    private TraceEventFormat(TraceEventType type, TraceText text)
    {
        Type = type;
        _text = text;
        Utf8Name = Encoding.UTF8.GetBytes(type.Name);
        PairRole = type.IsTyped ? TracePairRole.Of(type) : null;
    }

    public TraceEventType Type { get; }

    public byte[] Utf8Name { get; }

    /// <summary>Null of an event by itself.</summary>
    public TracePairRole? PairRole { get; }

    /// <summary>All of the text is one argument.</summary>
    public static TraceEventFormat Untyped(string name) => new(TraceEventType.Untyped(name), TraceText.Anything);

    /// <param name="format">printf's, without quotation marks.</param>
    public static TraceEventFormat Of(string name, IReadOnlyList<(string Name, string Type)> declared, string format)
    {
        if (!TraceText.TryParse(format, out var text) || text.Conversions.Length > declared.Count - text.Skips)
        {
            return Untyped(name);
        }

        var arguments = ImmutableArray.CreateBuilder<TraceArgument>();
        var next = 0;
        foreach (var conversion in text.Conversions)
        {
            next += conversion.Skips;
            arguments.Add(new TraceArgument(declared[next].Name, declared[next].Type, conversion.Kind));
            next++;
        }

        return new TraceEventFormat(new TraceEventType(name, arguments.ToImmutable(), IsTyped: true), text);
    }

    /// <summary>Reads the arguments from what stands behind the event's name.</summary>
    /// <param name="values">A place for each argument; texts are told to <paramref name="texts"/>, and their numbers there stand here.</param>
    /// <returns>False if the text is none of this event's.</returns>
    public bool TryRead(ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts) => _text.TryMatch(text, values, texts);
}
