using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>Latencies as the charts' script takes them.</summary>
/// <param name="FromMs">The first bin's beginning, UTC milliseconds since 1970.</param>
/// <param name="EdgesUs">Of the rows, growing: row n goes from edge n to the one behind it.</param>
/// <param name="Bin">With <paramref name="Row"/> and <paramref name="Count"/>, an entry for each cell that is not empty.</param>
public sealed record LatencyPicture(double FromMs, double BinMs, int Bins, IReadOnlyList<double> EdgesUs, IReadOnlyList<int> Bin, IReadOnlyList<int> Row, IReadOnlyList<long> Count)
{
    private const double NsPerMs = 1e6, NsPerUs = 1e3;

    public static LatencyPicture Of(TraceLatencies latencies)
    {
        // A logarithmic axis has no 0; nothing takes less than half a nanosecond.
        var edges = latencies.Cells.SelectMany(cell => new[] { cell.LeastNs, cell.BelowNs }).Distinct().Order().ToList();
        return new LatencyPicture(
            latencies.FromNs / NsPerMs,
            latencies.BinNs / NsPerMs,
            latencies.Bins,
            [.. edges.Select(edge => Math.Max(edge, 0.5) / NsPerUs)],
            [.. latencies.Cells.Select(cell => cell.Bin)],
            [.. latencies.Cells.Select(cell => edges.BinarySearch(cell.LeastNs))],
            [.. latencies.Cells.Select(cell => cell.Count)]);
    }
}
