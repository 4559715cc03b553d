using System.Globalization;
using LabNet.Core.IoBenchmarks;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>How long requests of one direction took, by percentiles, over the repeats of each run.</summary>
public sealed partial class LatencyChart
{
    private const int Width = 600;
    private const int Left = 66;
    private const int Right = 8;
    private const int Top = 12;
    private const int PlotBottom = 184;
    private const int RowHeight = 20;
    private const double BesidePx = 18;

    private static readonly (string Name, Func<IoFigures, double> Of)[] Columns =
    [
        ("p50", figures => figures.P50Ns),
        ("p95", figures => figures.P95Ns),
        ("p99", figures => figures.P99Ns),
        ("p99.9", figures => figures.P999Ns),
        ("max", figures => figures.LatencyMaxNs),
    ];

    private ChartAxis _axis = ChartAxis.Decades([]);
    private List<(ShownRun Run, Cell[] Cells)> _rows = [];

    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    [Parameter, EditorRequired]
    public IReadOnlyList<ShownRun> Runs { get; set; } = [];

    [Parameter, EditorRequired]
    public Func<IoRepeat, IoFigures?> Of { get; set; } = default!;

    private int Height => PlotBottom + 28 + (RowHeight * _rows.Count);

    private string Label => $"{Title} by percentiles. {string.Join(" ", _rows.Select(Told))}";

    protected override void OnParametersSet()
    {
        _rows = [.. from shown in Runs let figures = FiguresOf(shown.Run) where figures.Count > 0 select (shown, CellsOf(figures))];
        _axis = ChartAxis.Decades(_rows.SelectMany(row => row.Cells).SelectMany(cell => new[] { cell.Least, cell.Most }));
    }

    private List<IoFigures> FiguresOf(IoBenchmark run) => [.. run.Results.Select(Of).OfType<IoFigures>()];

    private static Cell[] CellsOf(List<IoFigures> figures) => [.. Columns.Select(column =>
    {
        double[] values = [.. figures.Select(column.Of)];
        return new Cell(RankStatistics.Median(values), values.Min(), values.Max());
    })];

    private static string Told((ShownRun Run, Cell[] Cells) row) =>
        $"{row.Run.Name}: {string.Join(", ", Columns.Zip(row.Cells, (column, cell) => $"{column.Name} {IoText.Latency(cell.Median)}"))}.";

    private static double XOf(int column) => Left + ((Width - Left - Right) * (column + 0.5) / Columns.Length);

    /// <summary>So that runs do not hide each other.</summary>
    private double Beside(int row) => BesidePx * (row - ((_rows.Count - 1) / 2.0));

    private double YOf(double ns) => PlotBottom - ((PlotBottom - Top) * _axis.At(ns));

    private string Y(double ns) => N(YOf(ns));

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private sealed record Cell(double Median, double Least, double Most);
}
