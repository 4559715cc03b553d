using System.Runtime.InteropServices;

namespace LabNet.Core.TraceEvents;

/// <summary>The requests of one VM that have begun and not ended.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TracePairing
{
    /// <summary>A VM has some hundred requests under way. More are such whose ends were never traced.</summary>
    private const int OpenMax = 64 << 10;

    /// <summary>So many queues of one controller can have a request of the same key; more are such whose ends were never traced.</summary>
    private const int SharedMax = 64;

    private readonly Dictionary<Key, Requests> _open = [];

    /// <summary>Begun, and then the same key began again or the VM was reset: their ends are not known.</summary>
    public long Lost { get; private set; }

    /// <returns>How long the request took, in nanoseconds, if this event ends one whose begin was traced.</returns>
    public long? Take(TracePairRole role, long timeNs, ReadOnlySpan<long> values, TraceTexts texts)
    {
        var key = new Key(role.Pair, role.KeyOf(0, values, texts), role.KeyOf(1, values, texts), role.KeyOf(2, values, texts));
        return role.IsEnd ? End(key, timeNs) : Begin(role, key, timeNs);
    }

    /// <summary>The VM was reset, or events are missing: what has begun does not end any more.</summary>
    public void Reset()
    {
        Lost += _open.Count;
        _open.Clear();
    }

    private long? Begin(TracePairRole role, Key key, long timeNs)
    {
        if (_open.Count >= OpenMax)
        {
            Reset();
        }

        ref var open = ref CollectionsMarshal.GetValueRefOrAddDefault(_open, key, out var isOpen);
        Lost += isOpen ? 1 : 0;
        open = isOpen && role.SharesKeys ? new Requests(Math.Min(open.Count + 1, SharedMax), BegunNs: null) : new Requests(1, timeNs);
        return null;
    }

    private long? End(Key key, long timeNs)
    {
        if (!_open.Remove(key, out var open))
        {
            return null;
        }

        if (open.Count > 1)
        {
            _open[key] = open with { Count = open.Count - 1 };
        }

        // The clock can have been set back meanwhile.
        return timeNs >= open.BegunNs ? timeNs - open.BegunNs : null;
    }

    private readonly record struct Key(int Pair, long First, long Second, long Third)
    {
        /// <summary>Odd. Guests choose some of the keys: none can choose such as come to stand in each other's way.</summary>
        private static readonly ulong FirstFactor = NextFactor(), SecondFactor = NextFactor(), ThirdFactor = NextFactor();

        public override int GetHashCode() => unchecked((int)(((((ulong)First + (uint)Pair) * FirstFactor) + ((ulong)Second * SecondFactor) + ((ulong)Third * ThirdFactor)) >> 32));

        private static ulong NextFactor() => (ulong)Random.Shared.NextInt64() | 1;
    }

    /// <param name="BegunNs">Null where several of the same key were under way.</param>
    private readonly record struct Requests(int Count, long? BegunNs);
}
