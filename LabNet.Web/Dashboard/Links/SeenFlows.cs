using System.Collections.Immutable;
using LabNet.Core.Traffic;

namespace LabNet.Web.Dashboard.Links;

/// <summary>A link's flows as a page has seen them. The feed tells the newest alone; one that was told before stays, without a rate.</summary>
/// <param name="Newest">What was told last; null before the first.</param>
public sealed record SeenFlows(FlowsChanged? Newest, ImmutableDictionary<(CaptureNic From, FlowKey Key), FlowNow> Flows)
{
    /// <summary>A port scan must not fill the page's memory; beyond it those that were quiet for longest go.</summary>
    public const int FlowsMax = 2000;

    public static readonly SeenFlows None = new(null, ImmutableDictionary<(CaptureNic From, FlowKey Key), FlowNow>.Empty);

    public SeenFlows Add(FlowsChanged changed)
    {
        var flows = Flows.ToBuilder();
        foreach (var (key, quiet) in Flows.Where(one => one.Value.BytesPerSecond > 0 || one.Value.PacketsPerSecond > 0))
        {
            flows[key] = quiet with { PacketsPerSecond = 0, BytesPerSecond = 0 };
        }

        foreach (var flow in changed.Flows)
        {
            flows[(flow.Flow.From, flow.Flow.Key)] = flow;
        }

        if (flows.Count > FlowsMax)
        {
            foreach (var old in flows.OrderBy(one => one.Value.Flow.LastNs).Take(flows.Count - FlowsMax).Select(one => one.Key).ToList())
            {
                flows.Remove(old);
            }
        }

        return new SeenFlows(changed, flows.ToImmutable());
    }

    /// <summary>The fastest first, of those that rest the newest.</summary>
    /// <param name="filter">Words that a flow must have, each of them; empty for all.</param>
    public IReadOnlyList<FlowNow> Sorted(string filter)
    {
        var words = filter.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return
        [
            .. Flows.Values.Where(flow => LinkWords.Text(flow.Flow) is var text && Array.TrueForAll(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
                .OrderByDescending(flow => flow.BytesPerSecond).ThenByDescending(flow => flow.Flow.LastNs).ThenByDescending(flow => flow.Flow.Bytes),
        ];
    }
}
