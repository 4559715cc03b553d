namespace LabNet.Core.Qmp;

/// <summary>Which of the known words somebody may have meant.</summary>
internal static class NearestWord
{
    /// <summary>QEMU's longest names have about 40 letters; what is far longer is near to none of them.</summary>
    private const int CharsMax = 64;

    /// <returns>" Did you mean …?" or nothing.</returns>
    public static string Hint(string word, IEnumerable<string> known) => Of(word, known) is { } nearest ? $" Did you mean \"{nearest}\"?" : "";

    /// <returns>Null if none is near.</returns>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > CharsMax)
        {
            return null;
        }

        // Of two that are as near, the one that the word is the beginning of.
        var (nearest, distance) = known.Select(candidate => (Candidate: candidate, Edits: Edits(word, candidate)))
            .DefaultIfEmpty((Candidate: "", Edits: int.MaxValue))
            .MinBy(pair => (pair.Edits, !pair.Candidate.StartsWith(word, StringComparison.Ordinal)));
        return distance <= Math.Max(1, nearest.Length / 3) ? nearest : null;
    }

    /// <summary>Letters to insert, drop or replace (Levenshtein), row by row.</summary>
    private static int Edits(string from, string to)
    {
        Span<int> row = stackalloc int[CharsMax + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            row[i] = i;
        }

        foreach (var letter in to)
        {
            var diagonal = row[0]++;
            for (var i = 0; i < from.Length; i++)
            {
                var replaced = diagonal + (from[i] == letter ? 0 : 1);
                diagonal = row[i + 1];
                row[i + 1] = Math.Min(replaced, Math.Min(row[i], diagonal) + 1);
            }
        }

        return row[from.Length];
    }
}
