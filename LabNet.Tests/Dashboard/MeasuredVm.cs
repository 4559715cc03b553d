using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;

namespace LabNet.Tests.Dashboard;

/// <summary>Samples of a VM that the test takes, when it says.</summary>
internal sealed class MeasuredVm(DashboardHost host, string name)
{
    private static readonly MetricKey Cpu = new(MetricCatalogue.VcpuCpu, "0");

    private static readonly MetricLayout Layout = new([Cpu, .. Enumerable.Range(0, 40).Select(number => new MetricKey(MetricCatalogue.GuestMemory, $"part {number}"))]);

    public FeedSource Source { get; } = new(name);

    /// <summary>One after the other, from the first time on to before the last.</summary>
    public void Measure(DateTimeOffset from, DateTimeOffset to, TimeSpan every)
    {
        for (var at = from; at < to; at += every)
        {
            Measure(at);
        }
    }

    public void Measure(DateTimeOffset at, string? whyNoGuest = null)
    {
        ImmutableArray<double> values = [.. Enumerable.Range(0, Layout.Keys.Length).Select(place => place == 0 ? CoresAt(at) : 1e9 + (at.Ticks % 1e9) + place)];
        var missing = ImmutableSortedDictionary<string, string>.Empty;
        host.Feed.Publish(Source, new MetricsSampled(new MetricSample(
            at.ToUnixTimeNs(), Layout, values, values, whyNoGuest is null ? missing : missing.Add("guest", whyNoGuest))));
    }

    /// <summary>Another one each second, for a minute.</summary>
    private static double CoresAt(DateTimeOffset at) => at.ToUnixTimeSeconds() % 60 / 60.0;
}
