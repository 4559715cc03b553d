namespace LabNet.Bench;

/// <param name="Seconds">How long each measurement of a round runs.</param>
/// <param name="Rounds">How often each is measured; the median counts.</param>
internal sealed record BenchArguments(double Seconds = 5, int Rounds = 7)
{
    public static bool TryParse(IReadOnlyList<string> words, out BenchArguments arguments, out string mistake)
    {
        arguments = new BenchArguments();
        for (var i = 0; i < words.Count; i += 2)
        {
            var value = i + 1 < words.Count ? words[i + 1] : "";
            if (words[i] == "--seconds" && double.TryParse(value, out var seconds) && seconds > 0)
            {
                arguments = arguments with { Seconds = seconds };
            }
            else if (words[i] == "--rounds" && int.TryParse(value, out var rounds) && rounds > 0)
            {
                arguments = arguments with { Rounds = rounds };
            }
            else
            {
                mistake = $"{words[i]} {value}: expected --seconds N or --rounds N, with N above 0.";
                return false;
            }
        }

        mistake = "";
        return true;
    }
}
