namespace LabNet.Core.Labs;

/// <summary>Words for messages about a lab file.</summary>
internal static class Spelling
{
    /// <summary>A message stays one readable line, whatever the file says.</summary>
    private const int QuotedCharsMax = 60;

    public static string Quote(string text)
    {
        var line = string.Concat(text.Take(QuotedCharsMax).Select(character => char.IsControl(character) ? ' ' : character));
        return text.Length > QuotedCharsMax ? $"\"{line}…\"" : $"\"{line}\"";
    }

    public static string List(IEnumerable<string> words) => string.Join(", ", words);

    /// <returns>" Did you mean …?" or nothing.</returns>
    public static string DidYouMean(string word, IEnumerable<string> known)
    {
        var nearest = known.Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate)))
            .Where(pair => pair.Distance <= Math.Max(1, pair.Candidate.Length / 3))
            .OrderBy(pair => pair.Distance)
            .FirstOrDefault();
        return nearest.Candidate is null ? "" : $" Did you mean \"{nearest.Candidate}\"?";
    }

    /// <summary>Letters to insert, drop or replace, or neighbours to swap (optimal string alignment).</summary>
    private static int Distance(string left, string right)
    {
        // Names have at most 31 letters: a text far longer than any is near to none, and the table stays small.
        if (left.Length > 40)
        {
            return int.MaxValue;
        }

        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                var replaced = table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replaced, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[left.Length, right.Length];
    }
}
