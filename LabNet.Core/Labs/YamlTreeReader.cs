using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace LabNet.Core.Labs;

/// <summary>
/// Makes a tree of a YAML text's events, with a place for every node. YamlDotNet's own representation model stops at the first repeated
/// key and follows aliases without a limit; here every repeated key is told, and what an alias stands for is counted each time.
/// </summary>
internal sealed partial class YamlTreeReader
{
    /// <summary>A lab file needs 6. Defends the stack.</summary>
    private const int DepthMax = 16;

    /// <summary>
    /// A thousand VMs have 30,000. Defends against aliases of aliases ("billion laughs"), which grow to any size from a few lines.
    /// </summary>
    private const int NodesMax = 100_000;

    private readonly Parser _parser;
    private readonly string _document;
    private readonly IReadOnlyList<string> _required;
    private readonly List<LabFileMistake> _mistakes;
    private readonly Dictionary<AnchorName, (YamlNode Node, int Size)> _anchors = [];
    private int _nodes;

    private YamlTreeReader(Parser parser, string document, IReadOnlyList<string> required, List<LabFileMistake> mistakes) =>
        (_parser, _document, _required, _mistakes) = (parser, document, required, mistakes);

    /// <param name="text">The file's.</param>
    /// <param name="document">What messages call the file, such as <c>lab file</c>.</param>
    /// <param name="required">The keys that an empty file is told to need.</param>
    /// <returns>Null when the text is not one YAML document within the limits: then <paramref name="mistakes"/> says why.</returns>
    public static YamlNode? Read(string text, string document, IReadOnlyList<string> required, List<LabFileMistake> mistakes)
    {
        if (Unreadable(text) is { } mistake)
        {
            mistakes.Add(mistake);
            return null;
        }

        using var reader = new StringReader(text);
        var scanner = new Scanner(reader);
        try
        {
            return new YamlTreeReader(new Parser(scanner), document, required, mistakes).ReadStream();
        }
        catch (YamlException wrong)
        {
            mistakes.Add(Broken(wrong.Start, wrong.Message));
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet 16.3 loses count of its own stacks over "[a\nb: c" and is as frank about a tag that is no URI.
            const string Message = "The YAML breaks about here: look for a bracket, brace or quote that is not closed, and for a tag (!).";
            mistakes.Add(Broken(scanner.CurrentPosition, Message));
        }

        return null;

        // What is missing at the end is told one line below the last.
        LabFileMistake Broken(Mark at, string message) =>
            new((int)Math.Min(at.Line, text.AsSpan().Count('\n') + 1), (int)at.Column, message);
    }

    /// <summary>What YAML forbids and YamlDotNet lets pass: it ends the text at U+0000 and counts a tab as one space.</summary>
    private static LabFileMistake? Unreadable(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsControl(text[index]) && text[index] is not ('\t' or '\n' or '\r' or '\u0085'))
            {
                var (line, column) = LabFile.Position(text.AsSpan(0, index));
                return new LabFileMistake(line, column, $"The control character U+{(int)text[index]:X4} can't stand in YAML.");
            }
        }

        if (IndentingTab().Match(text) is { Success: true, Groups: [_, var tab] })
        {
            var (line, column) = LabFile.Position(text.AsSpan(0, tab.Index));
            return new LabFileMistake(line, column, "A tab can't indent YAML; use spaces.");
        }

        return null;
    }

    private YamlNode? ReadStream()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            _mistakes.Add(new LabFileMistake(0, 0, $"The {_document} is empty; it needs {Spelling.List(_required)}."));
            return null;
        }

        _parser.Consume<DocumentStart>();
        var (root, _) = ReadNode(depth: 1);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _))
        {
            Tell(_parser.Current!, $"A second document starts here; a {_document} is one.");
        }

        return root;
    }

    private (YamlNode Node, int Size) ReadNode(int depth)
    {
        var start = _parser.Consume<ParsingEvent>();
        var nodesBefore = _nodes++;
        if (start is AnchorAlias alias)
        {
            if (!_anchors.TryGetValue(alias.Value, out var target))
            {
                throw new YamlException(start.Start, start.End, $"No finished node before this has the anchor \"&{alias.Value}\".");
            }

            _nodes += target.Size;
            ThrowIfTooLarge(start, depth);
            return target;
        }

        ThrowIfTooLarge(start, depth);
        if (start is NodeEvent { Tag.IsEmpty: false })
        {
            Tell(start, $"Tags have no meaning in a {_document}; leave it out.");
        }

        YamlNode node = start switch
        {
            Scalar scalar => new YamlScalar(Place.Of(start.Start), scalar.Value, scalar.Style == ScalarStyle.Plain),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            _ => throw new YamlException(start.Start, start.End, $"Unexpected {start.GetType().Name}."),
        };
        var read = (node, _nodes - nodesBefore);
        if (start is NodeEvent { Anchor: { IsEmpty: false } anchor })
        {
            _anchors[anchor] = read;
        }

        return read;
    }

    private YamlList ReadList(ParsingEvent start, int depth)
    {
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1).Node);
        }

        return new YamlList(Place.Of(start.Start), items);
    }

    private YamlMap ReadMap(ParsingEvent start, int depth)
    {
        var entries = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var (key, _) = ReadNode(depth + 1);
            var (value, _) = ReadNode(depth + 1);
            if (key is not YamlScalar { Text: var text })
            {
                _mistakes.Add(new LabFileMistake(key.At.Line, key.At.Column, "A key is one word, not a list or a mapping."));
            }
            else if (!entries.TryAdd(text, new YamlEntry(key.At, text, value)))
            {
                var first = entries[text];
                var message = $"The key {Spelling.Quote(text)} stands here twice, first in line {first.At.Line}.";
                _mistakes.Add(new LabFileMistake(key.At.Line, key.At.Column, message));
            }
        }

        return new YamlMap(Place.Of(start.Start), [.. entries.Values]);
    }

    private void ThrowIfTooLarge(ParsingEvent at, int depth)
    {
        if (depth > DepthMax)
        {
            throw new YamlException(at.Start, at.End, $"Nested more than {DepthMax} deep; a {_document} never is.");
        }

        if (_nodes > NodesMax)
        {
            throw new YamlException(at.Start, at.End, $"More than {NodesMax} values, with aliases written out; a {_document} never has them.");
        }
    }

    private void Tell(ParsingEvent at, string message) =>
        _mistakes.Add(new LabFileMistake((int)at.Start.Line, (int)at.Start.Column, message));

    [GeneratedRegex(@"^ *(?<tab>\t)[ \t]*[^#\s]", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IndentingTab();
}
