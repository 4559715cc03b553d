using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>
/// Takes a line apart. Grammar (that of QEMU's scripts/qmp/qmp-shell, with quotes):
/// <code>
/// line      = command { blank argument } | command blank object
/// argument  = key "=" value
/// key       = name { "." name }                 (members of nested objects)
/// value     = object | array                    (JSON, up to its closing bracket)
///           | """ … """                         (a JSON string)
///           | "'" … "'"                         (text as it is)
///           | word                              (up to the next blank)
/// </code>
/// </summary>
internal sealed class QmpShellLexer
{
    /// <summary>Longer than anything a person types; each part of a line is looked at a few times.</summary>
    public const int CharsMax = 65_536;
    private const int DepthMax = 64;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = DepthMax };

    private readonly string _line;
    private int _at;

    public QmpShellLexer(string line)
    {
        _line = line;
        SkipBlanks();
        CommandAt = _at;
        Command = TakeUntil(stopAtEquals: false);
        var first = true;
        while (!IsCutShort && SkipBlanks())
        {
            if (first && _line[_at] == '{')
            {
                Json = TakeValue();
                if (SkipBlanks() && !IsCutShort)
                {
                    Tell(_at, _line.Length - _at, "Nothing may follow the JSON object.");
                }

                return;
            }

            first = false;
            Arguments.Add(TakeArgument());
        }
    }

    public string Command { get; }

    public int CommandAt { get; }

    public List<QmpShellArgument> Arguments { get; } = [];

    /// <summary>The one JSON object that holds all arguments; null where they stand as key=value.</summary>
    public QmpShellNode? Json { get; }

    public List<QmpShellMistake> Mistakes { get; } = [];

    /// <summary>Whether a quote or bracket stays open, so that what follows cannot be told apart.</summary>
    public bool IsCutShort { get; private set; }

    private QmpShellArgument TakeArgument()
    {
        var at = _at;
        var key = TakeUntil(stopAtEquals: true);
        if (_at >= _line.Length || _line[_at] != '=')
        {
            Tell(at, key.Length, $"\"{Shown(key)}\" has no value: write key=value.");
            return new QmpShellArgument(key, at, HasValue: false, Value: null, _at);
        }

        if (key.Length == 0)
        {
            Tell(at, 1, "A key is missing before the \"=\".");
        }

        _at++;
        var value = TakeValue();
        return new QmpShellArgument(key, at, HasValue: true, value, _at);
    }

    private QmpShellNode? TakeValue()
    {
        var at = _at;
        var value = _at >= _line.Length || char.IsWhiteSpace(_line[_at]) ? new QmpShellNode.Word("", Quoted: false, at, 0) : _line[_at] switch
        {
            '{' or '[' => TakeJson(EndOfBrackets()),
            '"' => TakeJson(EndOfString(_at)),
            '\'' => TakeVerbatim(),
            _ => new QmpShellNode.Word(TakeUntil(stopAtEquals: false), Quoted: false, at, _at - at),
        };
        if (!IsCutShort && _at < _line.Length && !char.IsWhiteSpace(_line[_at]))
        {
            Tell(_at, 1, "A blank has to follow here.");
            TakeUntil(stopAtEquals: false);
        }

        return value;
    }

    private QmpShellNode? TakeJson(int end)
    {
        var at = _at;
        if (end < 0)
        {
            IsCutShort = true;
            Tell(at, 1, $"The {(_line[at] == '"' ? "quote" : "bracket")} that opens here is never closed.");
            _at = _line.Length;
            return null;
        }

        _at = end;
        try
        {
            using var document = JsonDocument.Parse(_line.AsMemory(at, end - at), Strict);
            var json = document.RootElement.Clone();
            return json.ValueKind == JsonValueKind.String
                ? new QmpShellNode.Word(json.GetString()!, Quoted: true, at, end - at)
                : QmpShellNode.Of(json, at, end - at);
        }
        catch (JsonException e)
        {
            var position = at + CharsBefore(_line.AsSpan(at, end - at), e.LineNumber ?? 0, e.BytePositionInLine ?? 0);
            Tell(position, Math.Min(1, _line.Length - position), $"This is no JSON: {e.Message.Split(" LineNumber", 2)[0].Split(" Path", 2)[0]}");
            return null;
        }
    }

    private QmpShellNode.Word? TakeVerbatim()
    {
        var at = _at;
        var end = _line.IndexOf('\'', at + 1);
        if (end < 0)
        {
            IsCutShort = true;
            Tell(at, 1, "The quote that opens here is never closed.");
            _at = _line.Length;
            return null;
        }

        _at = end + 1;
        return new QmpShellNode.Word(_line[(at + 1)..end], Quoted: true, at, _at - at);
    }

    /// <returns>Behind the bracket that closes the one at the present place; −1 if there is none.</returns>
    private int EndOfBrackets()
    {
        var depth = 0;
        for (var i = _at; i < _line.Length; i++)
        {
            switch (_line[i])
            {
                case '{' or '[':
                    depth++;
                    break;
                case '}' or ']':
                    depth--;
                    if (depth == 0)
                    {
                        return i + 1;
                    }

                    break;
                case '"':
                    i = EndOfString(i) - 1;
                    if (i < 0)
                    {
                        return -1;
                    }

                    break;
            }
        }

        return -1;
    }

    private int EndOfString(int start)
    {
        for (var i = start + 1; i < _line.Length; i++)
        {
            if (_line[i] == '"')
            {
                return i + 1;
            }

            i += _line[i] == '\\' ? 1 : 0;
        }

        return -1;
    }

    private static int CharsBefore(ReadOnlySpan<char> json, long line, long bytes)
    {
        var start = 0;
        for (; line > 0; line--)
        {
            start += json[start..].IndexOf('\n') + 1;
        }

        var end = start;
        for (var count = 0L; end < json.Length && count < bytes; end++)
        {
            count += json[end] < 0x80 ? 1 : json[end] < 0x800 || char.IsSurrogate(json[end]) ? 2 : 3;
        }

        return end;
    }

    private bool SkipBlanks()
    {
        while (_at < _line.Length && char.IsWhiteSpace(_line[_at]))
        {
            _at++;
        }

        return _at < _line.Length;
    }

    private string TakeUntil(bool stopAtEquals)
    {
        var start = _at;
        while (_at < _line.Length && !char.IsWhiteSpace(_line[_at]) && !(stopAtEquals && _line[_at] == '='))
        {
            _at++;
        }

        return _line[start.._at];
    }

    private void Tell(int position, int length, string message) => Mistakes.Add(new QmpShellMistake(position, length, message));

    /// <summary>A message stays one readable line, whatever was typed.</summary>
    internal static string Shown(string text)
    {
        var line = string.Concat(text.Take(40).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c));
        return text.Length > 40 ? line + "…" : line;
    }
}
