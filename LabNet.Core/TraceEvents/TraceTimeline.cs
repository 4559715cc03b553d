using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>What a timeline has a track for.</summary>
public enum TraceTrackBy
{
    Event,

    /// <summary>All of QEMU's own threads are one track.</summary>
    Vcpu,
    Thread,

    /// <summary>As register accesses name it; all other events are one track.</summary>
    Device,
}

/// <summary>Asks how many trace events there were when.</summary>
/// <param name="FromNs">UTC nanoseconds since 1970.</param>
/// <param name="ToNs">Itself not included; after <paramref name="FromNs"/>.</param>
/// <param name="Bins">At most so many; at least 2.</param>
/// <param name="Filter">Null for all.</param>
public sealed record TraceTimelineQuery(IReadOnlyList<VmName> Vms, long FromNs, long ToNs, int Bins, TraceTrackBy By = TraceTrackBy.Event, TraceFilter? Filter = null);

/// <summary>
/// What was found, or a part of it: the bins of several parts of one answer are added up. A bin begins at <paramref name="FromNs"/> + its number ×
/// <paramref name="BinNs"/>; bins begin at multiples of their width, so that they stay the same when the range moves.
/// </summary>
/// <param name="FromNs">The first bin's beginning, at most a bin before what was asked for.</param>
/// <param name="Searched">0 to 1: how much of the events has been looked at, this part included.</param>
public sealed record TraceTimeline(long FromNs, long ToNs, long BinNs, int Bins, IReadOnlyList<TraceTimelineTrack> Tracks, double Searched)
{
    public bool IsComplete => Searched >= 1;
}

/// <summary>One track; its columns have an entry for each bin with an event in it.</summary>
/// <param name="Events">All of them together.</param>
/// <param name="Bin">Numbers of bins, growing.</param>
/// <param name="LatencyCount">How many of the events ended a request whose latency is known. Empty, as the two behind it, if none did.</param>
/// <param name="LatencyMeanNs">0 where there was none.</param>
public sealed record TraceTimelineTrack(
    VmName Vm, string Name, long Events, IReadOnlyList<int> Bin, IReadOnlyList<long> Count, IReadOnlyList<long> LatencyCount, IReadOnlyList<long> LatencyMeanNs, IReadOnlyList<long> LatencyMaxNs);
