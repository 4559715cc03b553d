using System.Globalization;
using LabNet.Core.IoBenchmarks;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>How the repeats of each run lie along one scale: whether runs overlap is what the test of their difference sees.</summary>
public sealed partial class DistributionChart
{
    private const int Width = 600;
    private const int Left = 30;
    private const int Right = 30;
    private const int RowHeight = 72;
    private const int NameChars = 50;

    private ChartAxis _axis = ChartAxis.FromZero([]);
    private List<(ShownRun Run, List<double> Values, MedianInterval Median)> _rows = [];

    [Parameter, EditorRequired]
    public IReadOnlyList<ShownRun> Runs { get; set; } = [];

    [Parameter, EditorRequired]
    public IoMeasure Measure { get; set; } = default!;

    private int PlotBottom => RowHeight * _rows.Count;

    private int Height => PlotBottom + 26;

    private string Label => $"{Measure.Title}, how the repeats are distributed. {string.Join(" ", _rows.Select(Told))}";

    protected override void OnParametersSet()
    {
        _rows = [.. from shown in Runs let median = Measure.MedianOf(shown.Run) where median is not null select (shown, ValuesOf(shown.Run), median)];
        double[] values = [.. _rows.SelectMany(row => row.Values)];
        _axis = values.Length == 0 ? ChartAxis.FromZero([]) : ChartAxis.Around(values, Measure.UnitOf(values.Max()));
    }

    private List<double> ValuesOf(IoBenchmark run) => [.. run.Results.Select(Measure.Of).Order()];

    private string Told((ShownRun Run, List<double> Values, MedianInterval Median) row) =>
        $"{row.Run.Name}: from {Measure.Text(row.Values[0])} to {Measure.Text(row.Values[^1])}, {Spread(row.Values, row.Median)}.";

    private static string Spread(List<double> values, MedianInterval median) =>
        values.Count == 1 ? "1 repeat" : median.Median > 0 ? $"{values.Count} repeats, {100 * (values[^1] - values[0]) / median.Median:0.0} % apart" : $"{values.Count} repeats";

    /// <summary>Three lines, so that equal values can be counted.</summary>
    private static int Apart(int index) => ((index % 3) - 1) * 8;

    private double XOf(double value) => Left + ((Width - Left - Right) * _axis.At(value));

    private string X(double value) => N(XOf(value));

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
