using LabNet.Core.IoBenchmarks;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>What QEMU's trace events tell of the same requests.</summary>
public sealed partial class TracedBeside
{
    [Parameter, EditorRequired]
    public IReadOnlyList<ShownRun> Runs { get; set; } = [];

    /// <summary>A dash where nothing was traced.</summary>
    private static string Median(List<TracedIo> traced, Func<TracedIo, double> of, Func<double, string> text) =>
        traced.Count == 0 ? "–" : text(RankStatistics.Median([.. traced.Select(of)]));
}
