namespace LabNet.Bench;

/// <param name="Seconds">How long each measurement of a round runs.</param>
/// <param name="Rounds">How often each is measured; the median counts.</param>
/// <param name="Simpletrace">Where QEMU's scripts/simpletrace.py lies, for <see cref="TraceStoreBench"/>.</param>
internal sealed record BenchArguments(double Seconds = 5, int Rounds = 7, string? Simpletrace = null)
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
            else if (words[i] == "--simpletrace" && File.Exists(value))
            {
                arguments = arguments with { Simpletrace = value };
            }
            else
            {
                mistake = $"{words[i]} {value}: expected --seconds N or --rounds N, with N above 0, or --simpletrace FILE, which is there.";
                return false;
            }
        }

        mistake = "";
        return true;
    }
}
