namespace LabNet.Core.Traffic;

/// <summary>
/// Reads a capture's filter. The words are those of pcap-filter(7), as far as there are some; the rest is LabNet's own:
/// <code>
/// filter    = [ any ]
/// any       = all *( ( "or" / "||" ) all )
/// all       = one *( ( "and" / "&amp;&amp;" ) one )
/// one       = ( "not" / "!" ) one / "(" any ")" / primitive
/// primitive = "arp" / "ip" / "ip6" / "icmp" / "icmp6" / "tcp" / "udp" / "broadcast" / "multicast" / "fragment"
///           / [ "tcp" / "udp" ] [ side ] "port" NUMBER [ "-" NUMBER ]         ; 0 to 65535
///           / [ side ] "host" ADDRESS
///           / [ side ] "net" ADDRESS "/" NUMBER                               ; without bits behind the prefix
///           / "ether" [ side ] "host" MAC / "ether" "proto" NUMBER / "proto" NUMBER
///           / "vlan" [ NUMBER ] / "vxlan" [ NUMBER ]
///           / "less" NUMBER / "greater" NUMBER                                ; bytes of the frame, that one included
/// side      = "src" / "dst"
/// NUMBER    = 1*DIGIT / "0x" 1*HEXDIG
/// </code>
/// </summary>
internal sealed partial class CaptureFilterParser
{
    /// <summary>A person's has some hundred characters.</summary>
    private const int CharsMax = 1024;

    /// <summary>Each level is a call within a call, here and for each packet: too many end the process.</summary>
    private const int DepthMax = 32;

    /// <summary>Each is looked at for each packet.</summary>
    private const int PrimitivesMax = 64;

    private readonly List<(string Text, int Position)> _tokens;
    private readonly int _end;
    private int _next;
    private int _depth;
    private int _primitives;
    private CaptureFilterMistake? _mistake;

    private CaptureFilterParser(List<(string Text, int Position)> tokens, int end) => (_tokens, _end) = (tokens, end);

    /// <summary>The empty text at the end, which no token is.</summary>
    private string Next => _next < _tokens.Count ? _tokens[_next].Text : "";

    private int Position => _next < _tokens.Count ? _tokens[_next].Position : _end;

    /// <returns>Null if there is a mistake.</returns>
    public static CaptureFilterNode? Parse(string text, out CaptureFilterMistake? mistake)
    {
        if (text.Length > CharsMax)
        {
            mistake = new CaptureFilterMistake(CharsMax, $"a filter has at most {CharsMax} characters");
            return null;
        }

        var parser = new CaptureFilterParser(Split(text), text.TrimEnd().Length);
        var root = parser.ReadAny();
        if (root is not null && parser.Next.Length > 0)
        {
            root = parser.Fail(parser.Next == ")" ? "no bracket is open that this one could close" : $"and, or or the end is expected, not \"{Shown(parser.Next)}\"");
        }

        mistake = parser._mistake;
        return root;
    }

    /// <summary>Blanks separate; brackets, !, &amp;&amp; and || stand for themselves.</summary>
    private static List<(string Text, int Position)> Split(string text)
    {
        var tokens = new List<(string, int)>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var begin = at;
            if (text.AsSpan(at).StartsWith("&&") || text.AsSpan(at).StartsWith("||"))
            {
                at += 2;
            }
            else if (IsSign(text[at]))
            {
                at++;
            }
            else
            {
                while (at < text.Length && !char.IsWhiteSpace(text[at]) && !IsSign(text[at]))
                {
                    at++;
                }
            }

            tokens.Add((text[begin..at], begin));
        }

        return tokens;
    }

    private static bool IsSign(char character) => character is '(' or ')' or '!' or '&' or '|';

    private CaptureFilterNode? ReadAny()
    {
        var node = ReadAll();
        while (node is not null && (Take("or") || Take("||")))
        {
            node = ReadAll() is { } right ? new CaptureFilterOr(node, right) : null;
        }

        return node;
    }

    private CaptureFilterNode? ReadAll()
    {
        var node = ReadOne();
        while (node is not null && (Take("and") || Take("&&")))
        {
            node = ReadOne() is { } right ? new CaptureFilterAnd(node, right) : null;
        }

        return node;
    }

    private CaptureFilterNode? ReadOne()
    {
        if (Next is not ("not" or "!" or "("))
        {
            return ++_primitives > PrimitivesMax ? Fail($"a filter has at most {PrimitivesMax} conditions") : ReadPrimitive();
        }

        if (_depth == DepthMax)
        {
            return Fail($"brackets and not stand within one another {DepthMax} deep at most");
        }

        _depth++;
        var node = Next == "(" ? ReadBrackets() : ReadNot();
        _depth--;
        return node;
    }

    private CaptureFilterNot? ReadNot()
    {
        _next++;
        return ReadOne() is { } inner ? new CaptureFilterNot(inner) : null;
    }

    private CaptureFilterNode? ReadBrackets()
    {
        var open = Position;
        _next++;
        if (ReadAny() is not { } inner)
        {
            return null;
        }

        if (Take(")"))
        {
            return inner;
        }

        return Next.Length == 0 ? Fail(open, "the bracket that opens here is never closed") : Fail($"and, or or a closing bracket is expected, not \"{Shown(Next)}\"");
    }

    private bool Take(string word)
    {
        if (Next != word)
        {
            return false;
        }

        _next++;
        return true;
    }

    private CaptureFilterNode? Fail(string message) => Fail(Position, message);

    private CaptureFilterNode? Fail(int position, string message)
    {
        _mistake ??= new CaptureFilterMistake(position, message);
        return null;
    }

    /// <summary>A word of the user's within a sentence of ours.</summary>
    private static string Shown(string word) => word.Length <= 40 ? word : $"{word[..40]}…";
}
