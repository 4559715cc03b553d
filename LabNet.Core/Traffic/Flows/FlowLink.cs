using LabNet.Core.Labs;

namespace LabNet.Core.Traffic;

/// <summary>What is known of a link's flows now.</summary>
internal sealed class FlowLink(LinkName name)
{
    private const int FlowsMax = 4096;

    /// <summary>A page shows no more, and the hub tells them each second.</summary>
    private const int ToldMax = 100;

    private const long QuietNs = 600_000_000_000;

    private readonly FlowTable _table = new(FlowsMax);
    private Dictionary<(CaptureNic, FlowKey), (long Packets, long Bytes)> _told = [];
    private (long Packets, long Bytes) _toldSum;
    private bool _wasQuiet = true;

    public LinkName Name { get; } = name;

    public FlowMinutes Minutes { get; } = new();

    public void Add(CaptureNic from, FlowKey key, int bytes, long timeNs)
    {
        _table.Add(from, key, bytes, timeNs);
        Minutes.Add(from, key, bytes, timeNs);
    }

    /// <returns>Null if there is nothing new.</returns>
    public FlowsChanged? Tell(TimeSpan elapsed, long gaps, long nowNs)
    {
        var isQuiet = _table.Packets == _toldSum.Packets;
        if (isQuiet && _wasQuiet)
        {
            return null;
        }

        _wasQuiet = isQuiet;
        _table.ForgetBefore(nowNs - QuietNs);
        var seconds = elapsed.TotalSeconds;
        var newest = _table.Newest(ToldMax);
        var changed = new FlowsChanged(
            Name,
            [.. newest.Select(flow => Now(flow, seconds))],
            _table.Count,
            _table.Packets,
            _table.Bytes,
            (_table.Packets - _toldSum.Packets) / seconds,
            (_table.Bytes - _toldSum.Bytes) / seconds,
            _table.Evicted,
            gaps);
        _told = newest.ToDictionary(flow => (flow.From, flow.Key), flow => (flow.Packets, flow.Bytes));
        _toldSum = (_table.Packets, _table.Bytes);
        return changed;
    }

    private FlowNow Now(Flow flow, double seconds)
    {
        // One that was not among the told ones before may have grown for longer: it is new, or was quiet.
        var before = _told.GetValueOrDefault((flow.From, flow.Key));
        return new FlowNow(flow, (flow.Packets - before.Packets) / seconds, (flow.Bytes - before.Bytes) / seconds);
    }
}
