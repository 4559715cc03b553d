namespace LabNet.Core.Metrics;

/// <summary>Turns counters into rates: of each the total before and the moment at which it was read, by a clock that nobody sets.</summary>
internal sealed class RateBook(TimeProvider time)
{
    /// <summary>
    /// Within less a counter's steps show and not how fast it grows: QEMU's CPU time goes by 10 ms, and when somebody begins to look the next
    /// sample comes at once.
    /// </summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<MetricKey, (double Total, long At)> _before = [];

    /// <summary>After a start, a new connection or a restore: what was counted before is of another counter.</summary>
    public void Forget() => _before.Clear();

    /// <summary>
    /// How fast the counter has grown since it was given last, a second; NaN the first time, and when it is smaller than before: it has
    /// begun anew, and how much it had counted until then nobody knows. Also NaN right after it was given last; the next rate is then of both.
    /// </summary>
    /// <param name="at">A timestamp of the time provider: when the counter was read.</param>
    public double Rate(MetricKey key, double total, long at)
    {
        var isKnown = _before.TryGetValue(key, out var before) && total >= before.Total;
        if (isKnown && time.GetElapsedTime(before.At, at) < Shortest)
        {
            return double.NaN;
        }

        _before[key] = (total, at);
        return isKnown ? (total - before.Total) / time.GetElapsedTime(before.At, at).TotalSeconds : double.NaN;
    }
}
