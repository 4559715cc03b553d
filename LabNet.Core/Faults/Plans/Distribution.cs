using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Faults;

/// <summary>What the numbers of a distribution are.</summary>
public enum DistributionUnit
{
    /// <summary>Written with <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>; in milliseconds.</summary>
    Time,

    /// <summary>Plain numbers.</summary>
    Number,
}

/// <summary>
/// A number that chance chooses.
/// <code>
/// distribution = amount | amount ".." amount | "exponential(" amount ")" | "normal(" amount " " amount ")"
/// amount       = digits [ "." digits ] [ unit ]          unit of a time: ms, s, m, h; none of a plain number
/// </code>
/// Two dots stand between the ends of what is equally likely. An exponential one has its mean, a normal one its mean and its standard deviation;
/// neither is ever below 0. There is no comma in any, because it would end a value in YAML's braces.
/// </summary>
/// <param name="Text">As it was written.</param>
public abstract partial record Distribution(string Text)
{
    /// <summary>A sample further out than this is taken for this: the longest plan is shorter, and rounding stays exact.</summary>
    private const double Max = 1e12;

    public double Sample(ChaosRandom random) => Math.Clamp(SampleFreely(random), 0, Max);

    public static Distribution Of(double constant) => new Constant(constant.ToString("R", CultureInfo.InvariantCulture), constant);

    /// <returns>Null if the text is none; <paramref name="mistake"/> then says why and what is allowed.</returns>
    public static Distribution? TryParse(string text, DistributionUnit unit, out string? mistake)
    {
        mistake = null;
        var example = unit == DistributionUnit.Time ? "500ms, 1s..5s, exponential(10s) or normal(2s 300ms)" : "5, 1..5, exponential(10) or normal(2 0.5)";
        if (Call().Match(text) is not { Success: true } match)
        {
            mistake = $"such as {example}";
            return null;
        }

        var name = match.Groups["name"].Value;
        var amounts = match.Groups["amount"].Captures.Select(capture => AmountOf(capture.Value, unit)).ToList();
        if (amounts.Any(amount => amount is null))
        {
            mistake = unit == DistributionUnit.Time ? "each time needs its unit: ms, s, m or h" : $"such as {example}";
            return null;
        }

        var distribution = (name, amounts) switch
        {
            ("", [{ } value]) => new Constant(text, value),
            ("", [{ } low, { } high]) when low <= high => new Uniform(text, low, high),
            ("exponential", [{ } mean]) => new Exponential(text, mean),
            ("normal", [{ } mean, { } deviation]) => (Distribution)new Normal(text, mean, deviation),
            _ => null,
        };
        mistake = distribution is not null ? null
            : name.Length == 0 ? "the smaller one comes first"
            : $"such as {example}";
        return distribution;
    }

    private protected abstract double SampleFreely(ChaosRandom random);

    private static double? AmountOf(string text, DistributionUnit unit)
    {
        var digits = text.AsSpan().TrimEnd("mshMSH");
        var factor = (unit, text[digits.Length..]) switch
        {
            (DistributionUnit.Number, "") => 1,
            (DistributionUnit.Time, "ms") => 1,
            (DistributionUnit.Time, "s") => 1000,
            (DistributionUnit.Time, "m") => 60_000,
            (DistributionUnit.Time, "h") => 3_600_000,
            _ => (double?)null,
        };
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number * factor : null;
    }

    [GeneratedRegex(
        @"\A\s*((?<name>[a-z]+)\(\s*(?<amount>\d{1,15}(\.\d{1,9})?[a-z]{0,2})(\s+(?<amount>\d{1,15}(\.\d{1,9})?[a-z]{0,2}))?\s*\)|(?<amount>\d{1,15}(\.\d{1,9})?[a-z]{0,2})(\.\.(?<amount>\d{1,15}(\.\d{1,9})?[a-z]{0,2}))?)\s*\z",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();

    internal sealed record Constant(string Text, double Value) : Distribution(Text)
    {
        private protected override double SampleFreely(ChaosRandom random) => Value;
    }

    private sealed record Uniform(string Text, double Low, double High) : Distribution(Text)
    {
        private protected override double SampleFreely(ChaosRandom random) => Low + (random.NextDouble() * (High - Low));
    }

    private sealed record Exponential(string Text, double Mean) : Distribution(Text)
    {
        private protected override double SampleFreely(ChaosRandom random) => -Mean * Math.Log(1 - random.NextDouble());
    }

    /// <summary>By Box and Muller; of the pair only one is used, so that a sample always takes two numbers of the stream.</summary>
    private sealed record Normal(string Text, double Mean, double Deviation) : Distribution(Text)
    {
        private protected override double SampleFreely(ChaosRandom random)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            return Mean + (Deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }
}
