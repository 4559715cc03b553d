using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// A pattern for a whole text, case-sensitive: <c>*</c> stands for any characters or none, <c>?</c> for one, the rest for itself.
/// </summary>
/// <remarks>
/// All ways to match are followed at once, as the bits of one word: bit n says that n characters of the pattern are matched. So a text is
/// read once, whatever the pattern; a matcher that goes back and tries again can be made to take very long. Immutable and thread-safe.
/// </remarks>
public sealed class TraceGlob
{
    /// <summary>Besides stars. One more bit of the word says that all are matched.</summary>
    public const int CharactersMax = 63;

    private const int AsciiCharacters = 128;

    private readonly ulong[] _ascii = new ulong[AsciiCharacters];
    private readonly Dictionary<Rune, ulong> _own;
    private readonly ulong _any;
    private readonly ulong _loops;
    private readonly ulong _end;

    /// <param name="own">For each character where it stands in the pattern.</param>
    /// <param name="any">Where any character may stand.</param>
    /// <param name="loops">Where any characters may stand between.</param>
    private TraceGlob(Dictionary<Rune, ulong> own, ulong any, ulong loops, ulong end)
    {
        (_own, _any, _loops, _end) = (own, any, loops, end);
        foreach (var (rune, places) in own.Where(pair => pair.Key.IsAscii))
        {
            _ascii[rune.Value] = places;
        }
    }

    /// <returns>False if the pattern has more than <see cref="CharactersMax"/> characters.</returns>
    public static bool TryParse(string pattern, [NotNullWhen(true)] out TraceGlob? glob)
    {
        glob = null;
        var own = new Dictionary<Rune, ulong>();
        var (any, loops, length) = (0UL, 0UL, 0);
        foreach (var rune in pattern.EnumerateRunes())
        {
            if (rune.Value == '*')
            {
                loops |= 1UL << length;
                continue;
            }

            if (length == CharactersMax)
            {
                return false;
            }

            if (rune.Value == '?')
            {
                any |= 1UL << length;
            }
            else
            {
                own[rune] = own.GetValueOrDefault(rune) | (1UL << length);
            }

            length++;
        }

        glob = new TraceGlob(own, any, loops, 1UL << length);
        return true;
    }

    public bool Fits(string text) => Fits(text, out _);

    /// <param name="steps">How many characters were looked at: each at most once.</param>
    internal bool Fits(string text, out int steps)
    {
        steps = 0;
        var matched = 1UL;
        foreach (var rune in text.EnumerateRunes())
        {
            if (matched == 0 || (matched & _end & _loops) != 0)
            {
                break;
            }

            steps++;
            var own = rune.IsAscii ? _ascii[rune.Value] : _own.GetValueOrDefault(rune);
            matched = ((matched & (_any | own)) << 1) | (matched & _loops);
        }

        return (matched & _end) != 0;
    }
}
