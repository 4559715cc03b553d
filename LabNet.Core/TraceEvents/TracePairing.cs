namespace LabNet.Core.TraceEvents;

/// <summary>The requests of one VM that have begun and not ended.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TracePairing
{
    /// <summary>A VM has some hundred requests under way. More are such whose ends were never traced.</summary>
    private const int OpenMax = 64 << 10;

    private readonly Dictionary<(int Pair, long First, long Second, long Third), long> _open = [];

    /// <summary>Begun, and then the same key began again or the VM was reset: their ends are not known.</summary>
    public long Lost { get; private set; }

    /// <returns>How long the request took, in nanoseconds, if this event ends one whose begin was traced.</returns>
    public long? Take(TracePairRole role, long timeNs, ReadOnlySpan<long> values)
    {
        var key = (role.Pair, values[role.Keys[0]], Value(role, 1, values), Value(role, 2, values));
        if (role.IsEnd)
        {
            // The clock can have been set back meanwhile.
            return _open.Remove(key, out var begun) && timeNs >= begun ? timeNs - begun : null;
        }

        if (_open.Count >= OpenMax)
        {
            Reset();
        }

        Lost += _open.ContainsKey(key) ? 1 : 0;
        _open[key] = timeNs;
        return null;
    }

    /// <summary>The VM was reset, or events are missing: what has begun does not end any more.</summary>
    public void Reset()
    {
        Lost += _open.Count;
        _open.Clear();
    }

    private static long Value(TracePairRole role, int key, ReadOnlySpan<long> values) => role.Keys.Length > key ? values[role.Keys[key]] : 0;
}
