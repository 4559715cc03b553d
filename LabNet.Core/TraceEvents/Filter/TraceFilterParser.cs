namespace LabNet.Core.TraceEvents;

/// <summary>
/// Reads a filter. The language is LabNet's own; its words are at <see cref="TraceFilterLexer"/>, its numbers at <see cref="TraceFilterNumber"/>:
/// <code>
/// filter     = [ any ]
/// any        = all *( ( "or" / "||" ) all )
/// all        = one *( ( "and" / "&amp;&amp;" ) one )
/// one        = ( "not" / "!" ) one / "(" any ")" / "has" field / comparison
/// comparison = field ( "==" / "!=" ) value
///            / field ( "&lt;" / "&lt;=" / "&gt;" / "&gt;=" ) number
///            / field ( "~" / "!~" ) pattern
///            / field "in" "(" value *( "," value ) ")"
/// field      = "event" / "cpu" / "thread" / "latencyUs" / [ "args." ] WORD     ; args. of an argument that is called like one of these
/// value      = number / WORD / STRING
/// pattern    = WORD / STRING                                                   ; see TraceGlob
/// </code>
/// </summary>
internal sealed partial class TraceFilterParser
{
    /// <summary>Each level is a call within a call, here and wherever a filter is evaluated: too many end the process.</summary>
    private const int DepthMax = 32;

    /// <summary>Each is a pass over a segment's rows, for every segment that is searched.</summary>
    private const int ComparisonsMax = 64;

    private readonly IReadOnlyList<TraceFilterToken> _tokens;
    private readonly TraceFilterFields _fields;
    private int _next;
    private int _depth;
    private int _comparisons;
    private TraceFilterMistake? _mistake;

    private TraceFilterParser(IReadOnlyList<TraceFilterToken> tokens, TraceFilterFields fields) => (_tokens, _fields) = (tokens, fields);

    private TraceFilterToken Next => _tokens[_next];

    /// <returns>Null if there is a mistake.</returns>
    public static TraceFilterNode? Parse(string text, TraceFilterFields fields, out TraceFilterMistake? mistake)
    {
        if (TraceFilterLexer.Read(text, out mistake) is not { } tokens)
        {
            return null;
        }

        if (tokens.Count == 1)
        {
            return TraceFilterGroup.Everything;
        }

        var parser = new TraceFilterParser(tokens, fields);
        var root = parser.ReadAny();
        if (root is not null && parser.Next.Kind != TraceFilterTokenKind.End)
        {
            root = parser.Next.Kind == TraceFilterTokenKind.Close
                ? parser.Fail(parser.Next, "no bracket is open that this one could close")
                : parser.FailBehind("the end");
        }

        mistake = parser._mistake;
        return root;
    }

    private TraceFilterNode? ReadAny()
    {
        var parts = new List<TraceFilterNode>();
        do
        {
            if (ReadAll() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (Take(TraceFilterTokenKind.Or));

        return TraceFilterGroup.Or(parts);
    }

    private TraceFilterNode? ReadAll()
    {
        var parts = new List<TraceFilterNode>();
        do
        {
            if (ReadOne() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (Take(TraceFilterTokenKind.And));

        return TraceFilterGroup.And(parts);
    }

    private TraceFilterNode? ReadOne()
    {
        if (Next.Kind is not (TraceFilterTokenKind.Not or TraceFilterTokenKind.Open))
        {
            return Next.Kind == TraceFilterTokenKind.Has ? ReadHas() : ReadComparison();
        }

        if (_depth == DepthMax)
        {
            return Fail(Next, $"brackets and not stand within one another {DepthMax} deep at most");
        }

        _depth++;
        var node = Next.Kind == TraceFilterTokenKind.Not ? ReadNot() : ReadBrackets();
        _depth--;
        return node;
    }

    private TraceFilterNot? ReadNot()
    {
        _next++;
        return ReadOne() is { } inner ? new TraceFilterNot(inner) : null;
    }

    private TraceFilterNode? ReadBrackets()
    {
        var open = Next;
        _next++;
        var inner = ReadAny();
        if (inner is null || Take(TraceFilterTokenKind.Close))
        {
            return inner;
        }

        return Next.Kind == TraceFilterTokenKind.End ? Fail(open, "the bracket that opens here is never closed") : FailBehind("a closing bracket");
    }

    private bool Take(TraceFilterTokenKind kind)
    {
        if (Next.Kind != kind)
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <summary>Something stands behind what is complete.</summary>
    private TraceFilterNode? FailBehind(string end)
    {
        var meant = Next.Kind == TraceFilterTokenKind.Word && Next.Text.ToLowerInvariant() is "and" or "or" ? Next.Text.ToLowerInvariant() : null;
        var texts = _tokens[_next - 1].Kind == TraceFilterTokenKind.Word ? "; a text with blanks or signs stands in quotation marks" : "";
        return Fail(Next, $"and, or or {end} is expected{texts}", meant);
    }

    private TraceFilterNode? Fail(TraceFilterToken token, string message, string? hint = null)
    {
        _mistake ??= new TraceFilterMistake(token.Position, token.Length, message, hint);
        return null;
    }
}
