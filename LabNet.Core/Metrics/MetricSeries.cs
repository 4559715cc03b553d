namespace LabNet.Core.Metrics;

/// <summary>What is wanted of a VM's metrics.</summary>
/// <param name="Vm">Its name, also of one that the lab has no longer.</param>
/// <param name="Names">Metrics, such as <c>vm_cpu</c>, and single series, such as <c>vm_cpu{vcpu=0}</c>; null for all.</param>
/// <param name="FromNs">Itself included.</param>
/// <param name="ToNs">Itself not included.</param>
/// <param name="Points">At most so many a series.</param>
public sealed record MetricQuery(string Vm, IReadOnlyCollection<string>? Names, long FromNs, long ToNs, int Points)
{
    internal bool Wants(string key)
    {
        if (Names is null || Names.Contains(key))
        {
            return true;
        }

        var brace = key.IndexOf('{', StringComparison.Ordinal);
        return brace > 0 && Names.Contains(key[..brace]);
    }
}

/// <summary>A stretch of a series.</summary>
/// <param name="ResolutionNs">How wide its bins are; 0 for samples as they were taken.</param>
/// <param name="Points">Sorted by time.</param>
public sealed record MetricSeries(MetricKey Key, long ResolutionNs, IReadOnlyList<MetricPoint> Points);

/// <param name="TimeNs">UTC nanoseconds since 1970: when the sample was taken, or where the bin begins.</param>
/// <param name="Count">Samples in it.</param>
public readonly record struct MetricPoint(long TimeNs, double Mean, double Min, double Max, long Count);
