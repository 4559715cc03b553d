using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Topology;

/// <summary>The pings over a link in a few words, as they fit on its line.</summary>
internal static class PingSummary
{
    /// <returns>Null if none was measured.</returns>
    public static string? Of(IReadOnlyList<PingMeasured> pings)
    {
        var measured = pings.Where(p => p.Problem is null && p.Sent > 0).ToList();
        if (measured.Count == 0)
        {
            return null;
        }

        var loss = $"{Figures.Loss(measured)} loss";
        var answered = measured.Where(p => p.RttMs is not null).Select(p => p.RttMs!.Value).Order().ToList();
        if (answered.Count == 0)
        {
            return loss;
        }

        var median = (answered[(answered.Count - 1) / 2] + answered[answered.Count / 2]) / 2;
        return $"{Figures.Milliseconds(median)} · {loss}";
    }
}
