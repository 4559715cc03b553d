using System.Collections.Immutable;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What the Links page knows: the lab, and what goes over its links and is done to them.</summary>
public sealed record LinksView(LabView Lab)
{
    public ImmutableDictionary<VmName, MetricSample> Samples { get; init; } = ImmutableDictionary<VmName, MetricSample>.Empty;

    public ImmutableDictionary<(LinkName Link, VmName From, VmName To), PathMtuMeasured> Mtus { get; init; } =
        ImmutableDictionary<(LinkName Link, VmName From, VmName To), PathMtuMeasured>.Empty;

    /// <summary>Since when nothing comes back, of the pairs of which it is so.</summary>
    public ImmutableDictionary<(LinkName Link, VmName From, VmName To), DateTimeOffset> SilentSince { get; init; } =
        ImmutableDictionary<(LinkName Link, VmName From, VmName To), DateTimeOffset>.Empty;

    public ImmutableDictionary<LinkName, SeenFlows> Flows { get; init; } = ImmutableDictionary<LinkName, SeenFlows>.Empty;

    /// <summary>Those that are in force or to come.</summary>
    public ImmutableDictionary<FaultId, Fault> Faults { get; init; } = ImmutableDictionary<FaultId, Fault>.Empty;

    public static bool Wants(FeedRecord record) =>
        LabView.Wants(record) || record.Item is MetricsSampled or PathMtuMeasured or FlowsChanged or FaultChanged or CaptureChanged or TrafficRunChanged;

    public LinksView Apply(FeedRecord record) => Apply(record.Item, record.Source) with { Lab = Lab.Apply(record) };

    public LinksView With(IEnumerable<Fault> faults) => this with { Faults = faults.Where(fault => fault.IsOpen).ToImmutableDictionary(fault => fault.Id) };

    private LinksView Apply(FeedItem item, FeedSource source) => item switch
    {
        MetricsSampled sampled when VmName.TryParse(source.Name, out var vm) => this with { Samples = Samples.SetItem(vm, sampled.Sample) },
        PathMtuMeasured mtu => this with { Mtus = Mtus.SetItem((mtu.Link, mtu.From, mtu.To), mtu) },
        FlowsChanged flows => this with { Flows = Flows.SetItem(flows.Link, (Flows.GetValueOrDefault(flows.Link) ?? SeenFlows.None).Add(flows)) },
        FaultChanged { Fault: { IsOpen: true } fault } => this with { Faults = Faults.SetItem(fault.Id, fault) },
        FaultChanged { Fault: var over } => this with { Faults = Faults.Remove(over.Id) },
        PingMeasured { Problem: null, Sent: > 0 } ping => this with { SilentSince = Silent(ping) },
        _ => this,
    };

    private ImmutableDictionary<(LinkName Link, VmName From, VmName To), DateTimeOffset> Silent(PingMeasured ping)
    {
        var pair = (ping.Link, ping.From, ping.To);
        return ping.Received > 0 ? SilentSince.Remove(pair) : SilentSince.ContainsKey(pair) ? SilentSince : SilentSince.SetItem(pair, ping.At);
    }

    /// <summary>What the history knows from before the page was opened: a pair is silent since the first stretch behind the last answer.</summary>
    /// <param name="bins">Each pair's in the order of time.</param>
    public LinksView WithPast(LinkName link, IEnumerable<PingBin> bins)
    {
        var since = SilentSince;
        foreach (var pair in bins.Where(bin => bin.Sent > 0).GroupBy(bin => (link, bin.From, bin.To)).Where(pair => since.ContainsKey(pair.Key)))
        {
            var first = pair.Reverse().TakeWhile(bin => bin.Received == 0).LastOrDefault();
            var at = first is null ? since[pair.Key] : UnixTime.FromUnixTimeNs(first.FromNs);
            since = since.SetItem(pair.Key, at < since[pair.Key] ? at : since[pair.Key]);
        }

        return this with { SilentSince = since };
    }
}
