using LabNet.Core.IoBenchmarks;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>One run, or several side by side.</summary>
public sealed partial class RunsView
{
    [Parameter, EditorRequired]
    public ChosenRuns Chosen { get; set; } = default!;

    private List<ShownRun> Measured => [.. Chosen.Runs.Where(shown => !shown.Run.Results.IsEmpty)];

    private static string Headline(IoBenchmark run)
    {
        var measure = IoMeasure.Deciding(run);
        var unit = measure == IoMeasure.Requests ? " requests a second" : "";
        return measure.MedianOf(run) switch
        {
            null => "Nothing was measured",
            { Low: { } low, High: { } high, Confidence: { } sure } median =>
                $"{measure.Text(median.Median)}{unit}, between {measure.Text(low)} and {measure.Text(high)} ({100 * sure:0} % sure)",
            { Median: var median } => $"{measure.Text(median)}{unit}; six repeats would give an interval",
        };
    }

    /// <summary>Null where there is as much as was asked for, or it is on its way.</summary>
    private static string? WhyLittle(IoBenchmark run)
    {
        var name = IoText.Name(run);
        var few = run.Results.IsEmpty ? "no repeat" : $"{run.Results.Length} of {run.Repeats} repeats";
        return run switch
        {
            { State: OperationState.Failed } => $"“{name}” has {few}, because it failed: {run.Error ?? "no reason is known."}",
            { State: OperationState.Cancelled } => $"“{name}” has {few}, because it was cancelled.",
            { State: OperationState.Running, Results.IsEmpty: true } => $"“{name}” has no repeat yet: the first one is measured.",
            { KnownProfile: null } => $"This LabNet does not know the profile {run.Profile}: its figures are shown as they were kept, and cannot be compared.",
            _ => null,
        };
    }
}
