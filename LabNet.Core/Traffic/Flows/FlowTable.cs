namespace LabNet.Core.Traffic;

/// <summary>The newest flows, so many and no more: the one that was quiet for longest goes first, and is counted.</summary>
/// <remarks>For one thread at a time. Counting a packet takes the same time however many flows there are.</remarks>
public sealed class FlowTable(int flowsMax)
{
    private readonly Dictionary<(CaptureNic From, FlowKey Key), LinkedListNode<Counted>> _byKey = [];
    private readonly LinkedList<Counted> _quietFirst = new();

    public int Count => _byKey.Count;

    public long Packets { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Flows that had to go.</summary>
    public long Evicted { get; private set; }

    public void Add(CaptureNic from, FlowKey key, int bytes, long timeNs)
    {
        Packets++;
        Bytes += bytes;
        if (!_byKey.TryGetValue((from, key), out var node))
        {
            if (_byKey.Count >= flowsMax)
            {
                Evict();
            }

            node = _byKey[(from, key)] = new LinkedListNode<Counted>(new Counted(from, key, timeNs));
        }
        else
        {
            _quietFirst.Remove(node);
        }

        node.Value.Add(bytes, timeNs);
        _quietFirst.AddLast(node);
    }

    /// <summary>The newest ones.</summary>
    /// <param name="limit">At most so many.</param>
    public IReadOnlyList<Flow> Newest(int limit)
    {
        var flows = new List<Flow>(Math.Min(limit, Count));
        for (var node = _quietFirst.Last; node is not null && flows.Count < limit; node = node.Previous)
        {
            flows.Add(node.Value.ToFlow());
        }

        return flows;
    }

    /// <summary>Forgets what was quiet since then.</summary>
    public void ForgetBefore(long timeNs)
    {
        while (_quietFirst.First is { } node && node.Value.LastNs < timeNs)
        {
            Remove(node);
        }
    }

    private void Evict()
    {
        Remove(_quietFirst.First!);
        Evicted++;
    }

    private void Remove(LinkedListNode<Counted> node)
    {
        _quietFirst.Remove(node);
        _byKey.Remove((node.Value.From, node.Value.Key));
    }

    private sealed class Counted(CaptureNic from, FlowKey key, long firstNs)
    {
        private long _packets;
        private long _bytes;
        private long _firstNs = firstNs;

        public CaptureNic From { get; } = from;

        public FlowKey Key { get; } = key;

        public long LastNs { get; private set; } = firstNs;

        public void Add(int bytes, long timeNs)
        {
            _packets++;
            _bytes += bytes;
            _firstNs = Math.Min(_firstNs, timeNs);
            LastNs = Math.Max(LastNs, timeNs);
        }

        public Flow ToFlow() => new(From, Key, _packets, _bytes, _firstNs, LastNs);
    }
}
