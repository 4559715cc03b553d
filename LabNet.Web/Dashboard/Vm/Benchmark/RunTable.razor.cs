using LabNet.Core.IoBenchmarks;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>A VM's runs, newest first; those of a series stand together, in the order in which they were measured.</summary>
public sealed partial class RunTable
{
    private const int RowsAtFirst = 50;

    private List<RunGroup> _groups = [];
    private bool _all;

    [Parameter, EditorRequired]
    public IReadOnlyList<IoBenchmark> Runs { get; set; } = [];

    /// <summary>Those in the charts.</summary>
    [Parameter]
    public IReadOnlyList<ShownRun> Shown { get; set; } = [];

    [Parameter]
    public bool MayDelete { get; set; }

    /// <summary>The page's address with that chosen.</summary>
    [Parameter, EditorRequired]
    public Func<RunChoice, string> AddressOf { get; set; } = default!;

    [Parameter]
    public EventCallback<IoBenchmark> OnDelete { get; set; }

    protected override void OnParametersSet() => Group();

    private void ShowAll()
    {
        _all = true;
        Group();
    }

    private void Group() => _groups =
    [
        .. (_all ? Runs : Runs.Take(RowsAtFirst)).GroupBy(run => run.Series ?? run.Id).Select(group => new RunGroup(group.Key, group.First().Series is not null, [.. group.OrderBy(run => run.StartedAt)])),
    ];

    private int? PlaceOf(IoBenchmark run) => Shown.FirstOrDefault(shown => shown.Run.Id == run.Id)?.Place;

    private bool IsShown(RunGroup group) => Shown.Count > 0 && Shown.Count == group.Runs.Count && Shown.All(shown => shown.Run.Series == group.Key);

    /// <summary>B stays, unless it is this one.</summary>
    private RunChoice AsA(IoBenchmark run) => new(run.Id, At(1) is { } b && b != run.Id ? b : null);

    /// <summary>A stays; if it is this one, what was B comes in its place.</summary>
    private RunChoice AsB(IoBenchmark run) => At(0) is not { } a ? new RunChoice(run.Id) : a != run.Id ? new RunChoice(a, run.Id) : At(1) is { } b ? new RunChoice(b, run.Id) : new RunChoice(run.Id);

    private string? At(int place) => Shown.FirstOrDefault(shown => shown.Place == place)?.Run.Id;

    /// <summary>The median over the repeats; of a profile that does both, that of the reads.</summary>
    private static string Latency(IoBenchmark run, Func<IoFigures, double> figure)
    {
        double[] values = [.. run.Results.Select(repeat => repeat.Read ?? repeat.Write).OfType<IoFigures>().Select(figure)];
        return values.Length == 0 ? "–" : IoText.Latency(RankStatistics.Median(values));
    }

    private sealed record RunGroup(string Key, bool IsSeries, IReadOnlyList<IoBenchmark> Runs);
}
