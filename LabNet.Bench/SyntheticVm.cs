using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;

namespace LabNet.Bench;

/// <summary>A busy VM's metrics: a third of its series is noise, a third creeps, a third hardly moves.</summary>
internal sealed class SyntheticVm(int number)
{
    public const int Series = 150;

    private static readonly MetricDefinition[] Definitions =
        [MetricCatalogue.BlockRead, MetricCatalogue.InterruptPins, MetricCatalogue.GuestMemory, MetricCatalogue.NicSentPackets, MetricCatalogue.Kvm];

    private static readonly MetricLayout Layout = new([.. Enumerable.Range(0, Series).Select(i => new MetricKey(Definitions[i % Definitions.Length], $"{i}"))]);

    private readonly Random _random = new(number);
    private readonly double[] _values = new double[Series];

    public FeedSource Source { get; } = new($"vm{number}");

    /// <summary>Of noise, of what creeps and of what hardly moves.</summary>
    public static IReadOnlyList<string> TwelveSeries { get; } = [.. Enumerable.Range(0, 12).Select(i => Layout.Keys[i * (Series / 12)].ToString())];

    public MetricsSampled Next(DateTimeOffset at)
    {
        for (var i = 0; i < Series; i++)
        {
            _values[i] = (i * 3 / Series) switch
            {
                0 => 1e6 * Math.Pow(_random.NextDouble(), 3),
                1 => _random.Next(10) == 0 ? _values[i] + (4096 * _random.Next(16)) : _values[i],
                _ => _random.Next(1000) == 0 ? _random.Next(100) : _values[i],
            };
        }

        var ns = (at - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        return new MetricsSampled(new MetricSample(ns, Layout, [.. _values], [.. _values], ImmutableSortedDictionary<string, string>.Empty));
    }
}
