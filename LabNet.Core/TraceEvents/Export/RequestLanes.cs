using System.Runtime.InteropServices;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// The tracks of one device's requests. Slices of one track have to lie one in the other or apart, and a device works on many requests at
/// once. A request is known at its end, so that all that is kept of a lane is when its last one ended.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class RequestLanes
{
    private readonly List<Lane> _lanes = [];

    /// <summary>
    /// Puts a request on the free lane whose last request ended latest: as requests come by their ends, no fewer lanes would do. Ends that
    /// go back, as a clock that is set does, only cost lanes.
    /// </summary>
    /// <returns>False if no lane is free.</returns>
    public bool TryTake(long startNs, long endNs, out ulong track)
    {
        var lanes = CollectionsMarshal.AsSpan(_lanes);
        var best = -1;
        for (var place = 0; place < lanes.Length; place++)
        {
            if (lanes[place].EndNs <= startNs && (best < 0 || lanes[place].EndNs > lanes[best].EndNs))
            {
                best = place;
            }
        }

        track = best < 0 ? 0 : lanes[best].Track;
        if (best >= 0)
        {
            lanes[best] = new Lane(track, endNs);
        }

        return best >= 0;
    }

    /// <summary>A lane more, with a request on it.</summary>
    public void Add(ulong track, long endNs) => _lanes.Add(new Lane(track, endNs));

    private readonly record struct Lane(ulong Track, long EndNs);
}
