using System.Collections.Immutable;
using LabNet.Core.Feed;

namespace LabNet.Core.Metrics;

/// <summary>Which series a VM's samples have, in which order. The samples of a VM share one until a series comes or goes.</summary>
public sealed record MetricLayout(ImmutableArray<MetricKey> Keys)
{
    public static readonly MetricLayout Empty = new([]);

    public bool Has(ReadOnlySpan<MetricKey> keys) => Keys.AsSpan().SequenceEqual(keys);
}

/// <summary>What was measured of a VM at one moment.</summary>
/// <param name="TimeNs">When, UTC nanoseconds since 1970.</param>
/// <param name="Values">In the order of the layout; NaN for what this sample does not have. A counter's value is its rate a second.</param>
/// <param name="Newest">
/// In the same order, for who looks seldom: what a counter has counted since its beginning, a gauge's value, also of a sample before if it is not
/// older than <see cref="SampleBuilder.NewFor"/>; NaN for what is not had.
/// </param>
/// <param name="Missing">Why something cannot be had, by what it is: <c>guest</c> → "The guest agent is not connected."</param>
public sealed record MetricSample(
    long TimeNs, MetricLayout Layout, ImmutableArray<double> Values, ImmutableArray<double> Newest, ImmutableSortedDictionary<string, string> Missing)
{
    private const long PresentForNs = 10_000_000_000;

    /// <summary>A sample comes each second while a VM is measured; one that is too old for this tells of a VM that is not there any more.</summary>
    public bool IsPresent(long nowNs) => TimeNs >= nowNs - PresentForNs;

    /// <summary>NaN if the sample does not have it.</summary>
    public double this[MetricKey key] => Layout.Keys.IndexOf(key) is >= 0 and var index ? Values[index] : double.NaN;
}

/// <summary>A VM was measured.</summary>
public sealed record MetricsSampled(MetricSample Sample) : FeedItem
{
    public override string RetainedAs => "metrics";
}
