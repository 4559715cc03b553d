using System.Text;
using System.Text.RegularExpressions;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// The trace events that a QEMU build declares, from the file <c>trace-events-all</c> that is installed with it
/// (docs/devel/tracing.rst of QEMU). A line each:
/// <code>
/// event = *( property SP ) name "(" ( "void" / argument *( "," argument ) ) ")" [ format ]
/// argument = type name
/// format = *( STRING / MACRO )      ; C's: neighbouring strings are one, and MACRO is one of inttypes.h
/// </code>
/// <c>disable</c> is of an event that was not built; <c>vcpu</c> puts the vCPU's address in front of the text.
/// </summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed partial class TraceCatalogue
{
    private readonly Dictionary<string, TraceEventFormat> _byName;

    private TraceCatalogue(Dictionary<string, TraceEventFormat> byName) => _byName = byName;

    /// <summary>Of a QEMU whose declarations are not there: all events are untyped.</summary>
    public static TraceCatalogue Empty { get; } = new([]);

    public IEnumerable<TraceEventType> Events => _byName.Values.Select(format => format.Type);

    internal IReadOnlyCollection<TraceEventFormat> Formats => _byName.Values;

    /// <summary>Never fails: a line that is not understood is left out, and its event untyped.</summary>
    public static TraceCatalogue Parse(string text)
    {
        var byName = new Dictionary<string, TraceEventFormat>(StringComparer.Ordinal);
        foreach (var line in text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
        {
            if (Declaration().Match(line) is { Success: true } match && !WordsOf(match.Groups["properties"].Value).Contains("disable"))
            {
                var format = FormatOf(match);
                byName.TryAdd(format.Type.Name, format);
            }
        }

        return new TraceCatalogue(byName);
    }

    /// <summary>Null for an event that is not declared.</summary>
    public TraceEventType? Find(string name) => _byName.GetValueOrDefault(name)?.Type;

    internal TraceEventFormat? FindFormat(string name) => _byName.GetValueOrDefault(name);

    private static TraceEventFormat FormatOf(Match match)
    {
        var declared = ArgumentsOf(match.Groups["arguments"].Value);
        var format = TextOf(match.Groups["format"].Value);
        if (WordsOf(match.Groups["properties"].Value).Contains("vcpu"))
        {
            declared.Insert(0, ("cpu", "void *"));
            format = "cpu=%p " + format;
        }

        return format is null ? TraceEventFormat.Untyped(match.Groups["name"].Value) : TraceEventFormat.Of(match.Groups["name"].Value, declared, format);
    }

    private static string[] WordsOf(string properties) => properties.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static List<(string Name, string Type)> ArgumentsOf(string list) =>
        [.. Argument().Matches(list).Select(match => (match.Groups["name"].Value, match.Groups["type"].Value.Trim()))];

    /// <summary>The strings together, each macro as what it stands for; null if one is unknown.</summary>
    private static string? TextOf(string format)
    {
        var text = new StringBuilder();
        foreach (Match part in FormatPart().Matches(format))
        {
            if (part.Groups["string"].Success)
            {
                text.Append(part.Groups["string"].Value.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal));
            }
            else if (IntegerMacro().Match(part.Value) is { Success: true } macro)
            {
                text.Append(macro.Groups["conversion"].Value);
            }
            else
            {
                return null;
            }
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\A(?<properties>(?:[a-z]+ +)*)(?<name>\w+)\((?<arguments>[^)]*)\)\s*(?<format>.*)\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<type>[^,]+?)(?<name>\w+)\s*(?:,|\z)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Argument();

    [GeneratedRegex("""
        "(?<string>(?:[^"\\]|\\.)*)"|[^\s"]+
        """, RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FormatPart();

    [GeneratedRegex(@"\APRI(?<conversion>[diouxX])(?:8|16|32|64|MAX|PTR)\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IntegerMacro();
}
