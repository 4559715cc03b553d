using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>A trace event with its arguments, and how its text is read.</summary>
/// <remarks>Immutable.</remarks>
public sealed class TraceEventFormat
{
    /// <summary>The one argument of an event that no catalogue declares: all of its text.</summary>
    public const string UntypedArgument = "text";

    private readonly TraceText _text;

    private TraceEventFormat(string name, ImmutableArray<TraceArgument> arguments, TraceText text, bool isTyped)
    {
        Name = name;
        Arguments = arguments;
        _text = text;
        IsTyped = isTyped;
        Utf8Name = Encoding.UTF8.GetBytes(name);
    }

    /// <summary>As QEMU knows it, such as <c>virtio_blk_handle_read</c>.</summary>
    public string Name { get; }

    /// <summary>Those that the event's text shows, in the text's order.</summary>
    public ImmutableArray<TraceArgument> Arguments { get; }

    /// <summary>False of an event that the catalogue does not have, or whose declaration is not understood: its text is one argument.</summary>
    public bool IsTyped { get; }

    internal byte[] Utf8Name { get; }

    /// <summary>An event of which only the name is known.</summary>
    public static TraceEventFormat Untyped(string name) =>
        new(name, [new TraceArgument(UntypedArgument, "char *", TraceValueKind.Text)], TraceText.Anything, isTyped: false);

    /// <param name="format">printf's, without quotation marks.</param>
    internal static TraceEventFormat Of(string name, IReadOnlyList<(string Name, string Type)> declared, string format)
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

        return new TraceEventFormat(name, arguments.ToImmutable(), text, isTyped: true);
    }

    /// <summary>Reads the arguments from what stands behind the event's name.</summary>
    /// <param name="values">A place for each argument; texts are told to <paramref name="texts"/>, and their numbers there stand here.</param>
    /// <returns>False if the text is none of this event's.</returns>
    internal bool TryRead(ReadOnlySpan<byte> text, Span<long> values, TraceTexts texts) => _text.TryMatch(text, values, texts);
}
