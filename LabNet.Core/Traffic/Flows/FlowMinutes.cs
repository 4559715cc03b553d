namespace LabNet.Core.Traffic;

/// <summary>What is to be added to the history of a link's flows, by minute; bounded, because a flood of addresses makes a flow of each packet.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class FlowMinutes
{
    public const long MinuteNs = 60_000_000_000;

    /// <summary>The protocol of what found no room of its own.</summary>
    public const string Others = "others";

    private const int FlowsMax = 1024;

    private readonly Dictionary<(long Minute, CaptureNic From, FlowKey Key), Flow> _flows = [];

    public int Count => _flows.Count;

    public void Add(CaptureNic from, FlowKey key, int bytes, long timeNs)
    {
        var place = (timeNs / MinuteNs, from, key);
        if (_flows.Count >= FlowsMax && !_flows.ContainsKey(place))
        {
            place = (place.Item1, from, new FlowKey(Others, 0, default, null, default, null));
        }

        _flows[place] = _flows.TryGetValue(place, out var known)
            ? known with { Packets = known.Packets + 1, Bytes = known.Bytes + bytes, FirstNs = Math.Min(known.FirstNs, timeNs), LastNs = Math.Max(known.LastNs, timeNs) }
            : new Flow(from, place.Item3, 1, bytes, timeNs, timeNs);
    }

    /// <summary>All that was added since the last call.</summary>
    public IReadOnlyList<(long Minute, Flow Flow)> Take()
    {
        List<(long, Flow)> taken = [.. _flows.Select(pair => (pair.Key.Minute, pair.Value))];
        _flows.Clear();
        return taken;
    }
}
