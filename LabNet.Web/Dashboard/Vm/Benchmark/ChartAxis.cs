using System.Collections.Immutable;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>Where values stand along a chart's side, from 0 to 1, with ticks at round numbers.</summary>
public sealed class ChartAxis
{
    private const int StepsWished = 4;

    private readonly double _low;
    private readonly double _high;
    private readonly Func<double, double> _scale;

    private ChartAxis(double low, double high, ImmutableArray<double> ticks, Func<double, double> scale)
    {
        (_low, _high, Ticks, _scale) = (scale(low), scale(high), ticks, scale);
    }

    public ImmutableArray<double> Ticks { get; }

    /// <summary>From zero to the largest.</summary>
    /// <param name="unit">Ticks are round multiples of it.</param>
    public static ChartAxis FromZero(IEnumerable<double> values, double unit = 1) => Even(0, values.Append(0).Max(), unit);

    /// <summary>From the smallest to the largest.</summary>
    public static ChartAxis Around(IReadOnlyCollection<double> values, double unit = 1) => Even(values.Min(), values.Max(), unit);

    /// <summary>By powers of ten; what is not above zero stands at the lower end.</summary>
    public static ChartAxis Decades(IEnumerable<double> values)
    {
        const int DecadesWithTicksBetween = 2;
        double[] above = [.. values.Where(value => value > 0).DefaultIfEmpty(1)];
        var from = (int)Math.Floor(Math.Log10(above.Min()));
        var to = Math.Max(from + 1, (int)Math.Ceiling(Math.Log10(above.Max())));
        int[] digits = to - from <= DecadesWithTicksBetween ? [1, 2, 5] : [1];
        var low = Math.Pow(10, from);
        return new ChartAxis(
            low,
            Math.Pow(10, to),
            [.. Enumerable.Range(from, to - from).SelectMany(power => digits.Select(digit => digit * Math.Pow(10, power))), Math.Pow(10, to)],
            value => Math.Log10(Math.Max(value, low)));
    }

    public double At(double value) => (_scale(value) - _low) / (_high - _low);

    private static ChartAxis Even(double low, double high, double unit)
    {
        var span = high > low ? high - low : high > 0 ? high / 10 : unit;
        var step = RoundStep(span / unit / StepsWished) * unit;
        var first = Math.Floor(low / step);
        var last = Math.Max(first + 1, Math.Ceiling(high / step));
        return new ChartAxis(
            first * step, last * step, [.. Enumerable.Range(0, (int)(last - first) + 1).Select(number => (first + number) * step)], value => value);
    }

    /// <summary>The next of 1, 2, 5, 10, 20, …</summary>
    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return (least / power) switch
        {
            <= 1 => power,
            <= 2 => 2 * power,
            <= 5 => 5 * power,
            _ => 10 * power,
        };
    }
}
