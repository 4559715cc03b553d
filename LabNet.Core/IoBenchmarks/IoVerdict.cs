using System.Globalization;

namespace LabNet.Core.IoBenchmarks;

/// <summary>The words for a comparison.</summary>
internal sealed class IoVerdict(IoBenchmark a, IoBenchmark b)
{
    /// <summary>Of each side; enough for a large difference.</summary>
    private const int RepeatsAdvised = 5;

    /// <summary>From here on "three times as fast" says more than "200 % faster".</summary>
    private const double TimesFrom = 2;

    private readonly string _second = NameOf(a, b);

    public static string TooFew(int a, int b) => $"Too few repeats to tell: {a} and {b}; take {RepeatsAdvised} of each.";

    public static string NoDifference(int a, int b) => a == b
        ? $"No difference that these {a} runs can show."
        : $"No difference that these {a} and {b} runs can show.";

    /// <param name="moreIsBetter">Of a throughput; a latency is better the shorter it is.</param>
    /// <param name="ratio">Null where there is none: then only the direction is told.</param>
    public string Differs(bool moreIsBetter, ShiftInterval shift, ShiftInterval? ratio)
    {
        var isMore = shift.Estimate > 0;
        var (verb, more, less, times) = moreIsBetter ? ("is", "faster", "slower", "fast") : ("waits", "longer", "shorter", "long");
        var sure = $"{RankStatistics.Confidence * 100:0} % sure.";
        return ratio is not { } known ? $"{_second} {verb} {(isMore ? more : less)}, {sure}"
            : known.Estimate >= TimesFrom
            ? $"{_second} {verb} {Digits(known.Estimate)} times as {times} (between {Digits(known.Low)} and {Digits(known.High)}), {sure}"
            : isMore ? Percent(verb, more, known.Estimate - 1, known.Low - 1, known.High - 1, sure)
            : Percent(verb, less, 1 - known.Estimate, 1 - known.High, 1 - known.Low, sure);
    }

    private string Percent(string verb, string word, double part, double low, double high, string sure) =>
        $"{_second} {verb} {Digits(part * 100)} % {word} (between {Digits(low * 100)} and {Digits(high * 100)} %), {sure}";

    /// <summary>Two digits that count, or the whole number.</summary>
    private static string Digits(double value) =>
        value.ToString(Math.Abs(value) >= 9.95 ? "0" : Math.Abs(value) >= 0.995 ? "0.#" : "0.0#", CultureInfo.InvariantCulture);

    /// <summary>What tells the second run from the first: its label, else its VM or its disk.</summary>
    private static string NameOf(IoBenchmark a, IoBenchmark b) =>
        a.Label != b.Label && b.Label.Length > 0 ? char.ToUpperInvariant(b.Label[0]) + b.Label[1..]
        : a.Vm != b.Vm ? $"{b.Vm}"
        : a.Device != b.Device ? b.Device
        : "The second run";
}
