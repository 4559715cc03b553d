using System.Text.RegularExpressions;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>
/// Which VMs of a lab are meant.
/// <code>
/// selector   = "all" | or
/// or         = and { "or" and }
/// and        = not { "and" not }
/// not        = "not" not | "(" or ")" | comparison
/// comparison = field ( "==" | "!=" ) word
/// field      = "name" | "arch" | "host" | "link" (a NIC of it is on this link) | "share" (yes or no)
/// </code>
/// </summary>
/// <remarks>Immutable.</remarks>
public sealed partial class VmSelector
{
    /// <summary>Defends the stack.</summary>
    private const int DepthMax = 50;

    private static readonly string[] Fields = ["name", "arch", "host", "link", "share"];

    private readonly Func<LabVm, bool> _wants;

    private VmSelector(string text, Func<LabVm, bool> wants) => (Text, _wants) = (text, wants);

    public static VmSelector All { get; } = new("all", _ => true);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public bool Wants(LabVm vm) => _wants(vm);

    /// <returns>Null if the text is none; <paramref name="mistake"/> then says where (from 1) and what is allowed.</returns>
    public static VmSelector? TryParse(string text, out string? mistake)
    {
        mistake = null;
        if (text.Trim() == All.Text)
        {
            return All;
        }

        try
        {
            return new VmSelector(text, new Reader(text).Read());
        }
        catch (FormatException e)
        {
            mistake = e.Message;
            return null;
        }
    }

    [GeneratedRegex(@"\G\s*(?<token>\(|\)|==|!=|[A-Za-z0-9_-]{1,64}|\S|\z)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();

    private sealed class Reader
    {
        private readonly List<(string Text, int At)> _tokens = [];
        private int _next;

        public Reader(string text)
        {
            for (var at = 0; ;)
            {
                var token = Token().Match(text, at).Groups["token"];
                _tokens.Add((token.Value, token.Index + 1));
                at = token.Index + token.Length;
                if (token.Length == 0)
                {
                    return;
                }
            }
        }

        public Func<LabVm, bool> Read()
        {
            var wants = ReadOr(depth: 0);
            return _tokens[_next].Text.Length == 0 ? wants : throw Wrong("Here and, or, or the end is expected");
        }

        private Func<LabVm, bool> ReadOr(int depth)
        {
            var wants = ReadAnd(depth);
            while (Take("or"))
            {
                var (left, right) = (wants, ReadAnd(depth));
                wants = vm => left(vm) || right(vm);
            }

            return wants;
        }

        private Func<LabVm, bool> ReadAnd(int depth)
        {
            var wants = ReadNot(depth);
            while (Take("and"))
            {
                var (left, right) = (wants, ReadNot(depth));
                wants = vm => left(vm) && right(vm);
            }

            return wants;
        }

        private Func<LabVm, bool> ReadNot(int depth)
        {
            if (depth > DepthMax)
            {
                throw Wrong($"More than {DepthMax} levels deep");
            }

            if (Take("not"))
            {
                var inner = ReadNot(depth + 1);
                return vm => !inner(vm);
            }

            if (!Take("("))
            {
                return ReadComparison();
            }

            var wants = ReadOr(depth + 1);
            return Take(")") ? wants : throw Wrong("Here a ) is missing");
        }

        private Func<LabVm, bool> ReadComparison()
        {
            var field = _tokens[_next].Text;
            if (!Fields.Contains(field))
            {
                throw Wrong($"Here one of {string.Join(", ", Fields)} is expected, or all alone");
            }

            _next++;
            var isEqual = Take("==");
            if (!isEqual && !Take("!="))
            {
                throw Wrong("Here == or != is expected");
            }

            var word = _tokens[_next].Text;
            if (word.Length == 0 || !char.IsAsciiLetterOrDigit(word[0]))
            {
                throw Wrong("Here a word is expected");
            }

            CheckWord(field, word);
            _next++;
            return vm => Has(vm, field, word) == isEqual;
        }

        private void CheckWord(string field, string word)
        {
            if (field == "arch" && Enum.GetValues<Architecture>().All(one => one.Word() != word))
            {
                throw Wrong($"arch is one of {string.Join(", ", Enum.GetValues<Architecture>().Select(one => one.Word()))}");
            }

            if (field == "share" && word is not ("yes" or "no"))
            {
                throw Wrong("share is yes or no");
            }
        }

        private static bool Has(LabVm vm, string field, string word) => field switch
        {
            "name" => vm.Name.ToString() == word,
            "arch" => vm.Architecture.Word() == word,
            "host" => vm.Host.ToString() == word,
            "link" => vm.Nics.OfType<LinkNic>().Any(nic => nic.Link.ToString() == word),
            _ => vm is StartedVm { Share: not null } == (word == "yes"),
        };

        private bool Take(string token)
        {
            if (_tokens[_next].Text != token)
            {
                return false;
            }

            _next++;
            return true;
        }

        private FormatException Wrong(string expected) =>
            new($"{expected} (character {_tokens[_next].At}{(_tokens[_next].Text.Length == 0 ? ", the end" : $", {Spelling.Quote(_tokens[_next].Text)}")}). Such as arch == aarch64 and not host == ares.");
    }
}
