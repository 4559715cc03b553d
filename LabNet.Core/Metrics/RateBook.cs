namespace LabNet.Core.Metrics;

/// <summary>Turns counters into rates: of each the total before and the moment at which it was read, by a clock that nobody sets.</summary>
internal sealed class RateBook(TimeProvider time)
{
    private readonly Dictionary<MetricKey, (double Total, long At)> _before = [];

    /// <summary>After a start, a new connection or a restore: what was counted before is of another counter.</summary>
    public void Forget() => _before.Clear();

    /// <summary>
    /// How fast the counter has grown since it was given last, a second; NaN the first time, and when it is smaller than before: it has
    /// begun anew, and how much it had counted until then nobody knows.
    /// </summary>
    /// <param name="at">A timestamp of the time provider: when the counter was read.</param>
    public double Rate(MetricKey key, double total, long at)
    {
        var isKnown = _before.TryGetValue(key, out var before);
        if (isKnown && at <= before.At)
        {
            return double.NaN;
        }

        _before[key] = (total, at);
        return isKnown && total >= before.Total ? (total - before.Total) / time.GetElapsedTime(before.At, at).TotalSeconds : double.NaN;
    }
}
