using System.Globalization;
using LabNet.Core.IoBenchmarks;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>A figure of every repeat in the order in which they were measured, so that a run that became slower or faster on its way shows it.</summary>
public sealed partial class RepeatChart
{
    private const int Width = 600;
    private const int Height = 266;
    private const int Left = 86;
    private const int Right = 8;
    private const int Top = 12;
    private const int PlotBottom = 204;
    private const int Gap = 18;
    private const double CharWidth = 7.2;

    private ChartAxis _axis = ChartAxis.FromZero([]);
    private List<Part> _parts = [];

    [Parameter, EditorRequired]
    public IReadOnlyList<ShownRun> Runs { get; set; } = [];

    [Parameter, EditorRequired]
    public IoMeasure Measure { get; set; } = default!;

    private string Label => $"{Measure.Title}, each repeat. {string.Join(" ", Runs.Select(Told))}";

    protected override void OnParametersSet()
    {
        double[] values = [.. Runs.SelectMany(shown => shown.Run.Results).Select(Measure.Of)];
        _axis = ChartAxis.FromZero(values, Measure.UnitOf(values.Append(0).Max()));
        var width = (Width - Left - Right - (Gap * (Runs.Count - 1.0))) / Math.Max(1, Runs.Count);
        _parts = [.. Runs.Select((shown, place) => new Part(shown, Left + (place * (width + Gap)), width, Measure.MedianOf(shown.Run)))];
    }

    private string Told(ShownRun shown)
    {
        var values = shown.Run.Results.Select(Measure.Of).ToList();
        return values.Count == 0
            ? $"{shown.Name}: none."
            : $"{shown.Name}: median {IoText.Of(Measure.MedianOf(shown.Run), Measure.Text)}; {string.Join(", ", values.Select(Measure.Text))}.";
    }

    private double YOf(double value) => PlotBottom - ((PlotBottom - Top) * _axis.At(value));

    private string Y(double value) => N(YOf(value));

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A run's stripe of the chart.</summary>
    private sealed record Part(ShownRun Run, double From, double Width, MedianInterval? Median)
    {
        public double To => From + Width;

        public int Chars => (int)(Width / CharWidth);

        /// <summary>There is room for every repeat that was asked for, so that those to come move nothing.</summary>
        public double At(int number) => From + (Width * (number - 0.5) / Math.Max(Run.Run.Repeats, Run.Run.Results.Length));
    }
}
