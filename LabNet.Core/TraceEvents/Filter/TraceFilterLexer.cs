using System.Buffers;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Takes a filter's text apart:
/// <code>
/// token   = symbol / keyword / WORD / STRING       ; blanks of any kind between them
/// symbol  = "==" / "!=" / "&lt;=" / "&gt;=" / "&lt;" / "&gt;" / "~" / "!~" / "&amp;&amp;" / "||" / "!" / "(" / ")" / ","
/// keyword = "and" / "or" / "not" / "in" / "has"
/// WORD    = 1*( any character but blanks, controls and ( ) " , ' = ! &lt; &gt; ~ &amp; | [ ] { } \ ; ` )
/// STRING  = DQUOTE *( any character but controls, DQUOTE and "\" / "\" DQUOTE / "\\" ) DQUOTE
/// </code>
/// </summary>
internal sealed class TraceFilterLexer
{
    /// <summary>A filter stands in a URL, and is kept with what was asked; a person's has some hundred characters.</summary>
    public const int CharsMax = 4096;

    private static readonly SearchValues<char> NoWord = SearchValues.Create("()\",'=!<>~&|[]{}\\;`");

    private static readonly Dictionary<string, TraceFilterTokenKind> Keywords = new()
    {
        ["and"] = TraceFilterTokenKind.And,
        ["or"] = TraceFilterTokenKind.Or,
        ["not"] = TraceFilterTokenKind.Not,
        ["in"] = TraceFilterTokenKind.In,
        ["has"] = TraceFilterTokenKind.Has,
    };

    /// <summary>The first that fits counts. Meant: of what other languages write.</summary>
    private static readonly (string Text, TraceFilterTokenKind Kind, TraceFilterOperator Operator, string? Meant)[] Symbols =
    [
        ("=~", default, default, "~"),
        ("<>", default, default, "!="),
        ("==", TraceFilterTokenKind.Operator, TraceFilterOperator.Equal, null),
        ("!=", TraceFilterTokenKind.Operator, TraceFilterOperator.Unequal, null),
        ("!~", TraceFilterTokenKind.Operator, TraceFilterOperator.Unlike, null),
        ("<=", TraceFilterTokenKind.Operator, TraceFilterOperator.LessOrEqual, null),
        (">=", TraceFilterTokenKind.Operator, TraceFilterOperator.GreaterOrEqual, null),
        ("&&", TraceFilterTokenKind.And, default, null),
        ("||", TraceFilterTokenKind.Or, default, null),
        ("<", TraceFilterTokenKind.Operator, TraceFilterOperator.Less, null),
        (">", TraceFilterTokenKind.Operator, TraceFilterOperator.Greater, null),
        ("~", TraceFilterTokenKind.Operator, TraceFilterOperator.Like, null),
        ("!", TraceFilterTokenKind.Not, default, null),
        ("(", TraceFilterTokenKind.Open, default, null),
        (")", TraceFilterTokenKind.Close, default, null),
        (",", TraceFilterTokenKind.Comma, default, null),
        ("=", default, default, "=="),
        ("&", default, default, "&&"),
        ("|", default, default, "||"),
    ];

    private readonly string _text;
    private int _at;
    private TraceFilterMistake? _mistake;

    private TraceFilterLexer(string text) => _text = text;

    /// <returns>The last one is the end; null if there is a mistake.</returns>
    public static IReadOnlyList<TraceFilterToken>? Read(string text, out TraceFilterMistake? mistake)
    {
        mistake = MistakeOf(text);
        if (mistake is not null)
        {
            return null;
        }

        var lexer = new TraceFilterLexer(text);
        var tokens = new List<TraceFilterToken>();
        while (lexer.ReadToken() is { } token)
        {
            tokens.Add(token);
            if (token.Kind == TraceFilterTokenKind.End)
            {
                return tokens;
            }
        }

        mistake = lexer._mistake;
        return null;
    }

    private static TraceFilterMistake? MistakeOf(string text)
    {
        if (text.Length > CharsMax)
        {
            return new TraceFilterMistake(CharsMax, text.Length - CharsMax, $"a filter has at most {CharsMax} characters", Hint: null);
        }

        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
            {
                return new TraceFilterMistake(at, 1, "half a character stands here", Hint: null);
            }

            at += rune.Utf16SequenceLength;
        }

        return null;
    }

    private TraceFilterToken? ReadToken()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        if (_at == _text.Length)
        {
            return new TraceFilterToken(TraceFilterTokenKind.End, _at, 0, "");
        }

        if (_text[_at] == '"')
        {
            return ReadString();
        }

        foreach (var (symbol, kind, comparison, meant) in Symbols)
        {
            if (_text.AsSpan(_at).StartsWith(symbol, StringComparison.Ordinal))
            {
                return meant is null
                    ? new TraceFilterToken(kind, Advance(symbol.Length), symbol.Length, symbol, comparison)
                    : Fail(_at, symbol.Length, $"{symbol} is no operator", meant);
            }
        }

        return ReadWord();
    }

    private TraceFilterToken? ReadWord()
    {
        var end = _at;
        while (end < _text.Length && !char.IsWhiteSpace(_text[end]) && !char.IsControl(_text[end]) && !NoWord.Contains(_text[end]))
        {
            end++;
        }

        if (end > _at)
        {
            var word = _text[_at..end];
            return new TraceFilterToken(Keywords.GetValueOrDefault(word, TraceFilterTokenKind.Word), Advance(word.Length), word.Length, word);
        }

        return Fail(_at, 1, _text[_at] switch
        {
            '\'' => "texts stand in double quotation marks",
            var control when char.IsControl(control) => $"the control character U+{(int)control:X4} means nothing here",
            var other => $"{other} means nothing here; a text that has it stands in double quotation marks",
        });
    }

    private TraceFilterToken? ReadString()
    {
        var value = new StringBuilder();
        for (var place = _at + 1; place < _text.Length; place++)
        {
            switch (_text[place])
            {
                case '"':
                    var length = place + 1 - _at;
                    return new TraceFilterToken(TraceFilterTokenKind.Text, Advance(length), length, value.ToString());
                case '\\' when place + 1 < _text.Length && _text[place + 1] is '"' or '\\':
                    place++;
                    value.Append(_text[place]);
                    break;
                case '\\':
                    return Fail(place, 1, "in a text \\ stands before \" or another \\ only");
                case var control when char.IsControl(control):
                    return Fail(place, 1, $"the control character U+{(int)control:X4} cannot stand in a text; behind ~ a ? fits it");
                default:
                    value.Append(_text[place]);
                    break;
            }
        }

        return Fail(_at, 1, "the quotation mark that opens here is never closed");
    }

    /// <returns>The place before.</returns>
    private int Advance(int length)
    {
        var before = _at;
        _at += length;
        return before;
    }

    private TraceFilterToken? Fail(int position, int length, string message, string? hint = null)
    {
        _mistake = new TraceFilterMistake(position, length, message, hint);
        return null;
    }
}
