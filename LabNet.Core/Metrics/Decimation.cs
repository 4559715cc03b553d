namespace LabNet.Core.Metrics;

/// <summary>Fewer points that show the same: neighbours are put together, and each keeps its lowest and highest value.</summary>
internal static class Decimation
{
    /// <summary>At most so many points; the same list if there are not more.</summary>
    public static IReadOnlyList<MetricPoint> Of(IReadOnlyList<MetricPoint> points, int most)
    {
        if (points.Count <= most)
        {
            return points;
        }

        // By time and not by number, or a gap would draw its neighbours together.
        var (first, last) = (points[0].TimeNs, points[^1].TimeNs);
        var width = ((last - first) / most) + 1;
        var fewer = new List<MetricPoint>(most);
        var bin = long.MinValue;
        foreach (var point in points)
        {
            var its = (point.TimeNs - first) / width;
            if (its == bin)
            {
                fewer[^1] = Together(fewer[^1], point);
            }
            else
            {
                fewer.Add(point);
                bin = its;
            }
        }

        return fewer;
    }

    private static MetricPoint Together(MetricPoint one, MetricPoint other) => new(
        one.TimeNs,
        ((one.Mean * one.Count) + (other.Mean * other.Count)) / (one.Count + other.Count),
        Math.Min(one.Min, other.Min),
        Math.Max(one.Max, other.Max),
        one.Count + other.Count);
}
