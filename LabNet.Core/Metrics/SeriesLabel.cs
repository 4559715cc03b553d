namespace LabNet.Core.Metrics;

/// <summary>A label's value out of a text that a guest or QEMU made: short, on one line.</summary>
internal static class SeriesLabel
{
    private const int LengthMax = 64;

    public static string Of(string text)
    {
        if (text.Length <= LengthMax && !text.Any(IsUnfit) && text.Trim().Length == text.Length)
        {
            return text;
        }

        var clean = string.Concat(text.Select(c => IsUnfit(c) ? '?' : c)).Trim();
        return clean.Length <= LengthMax ? clean : clean[..LengthMax];
    }

    private static bool IsUnfit(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
