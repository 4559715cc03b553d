using System.Text.Json.Nodes;
using LabNet.Core.Feed;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>A trace event that a VM's QEMU has.</summary>
/// <param name="Enabled">As QEMU says it now.</param>
/// <param name="Fields">The arguments that it tells; of an event that is not declared, its `text`.</param>
public sealed record TraceEventStateContract(string Name, bool Enabled, IReadOnlyList<TraceFieldContract> Fields)
{
    internal static TraceEventStateContract Of(Core.Qmp.TraceEventInfo known, TraceCatalogue catalogue) => new(
        known.Name,
        known.IsEnabled,
        [.. (catalogue.Find(known.Name) ?? TraceEventType.Untyped(known.Name)).Arguments.Select(argument => new TraceFieldContract(argument.Name, argument.Type, argument.Kind))]);
}

/// <param name="Type">C's, such as `uint64_t`.</param>
/// <param name="Kind">`number`, `natural`, `hex` or `text`: how QEMU prints it.</param>
public sealed record TraceFieldContract(string Name, string Type, TraceValueKind Kind);

/// <summary>Trace events to be switched.</summary>
/// <param name="Pattern">A name, or a glob such as `virtio_blk_*`.</param>
/// <param name="Keep">`store`: in the history; `ring`: only in memory, where the newest ones can be looked at.</param>
/// <param name="Filter">Only what it lets through is kept; all if left out.</param>
public sealed record TraceSwitchContract(string Pattern, bool Enabled, TraceKeep? Keep = null, string? Filter = null)
{
    internal TraceEventSwitch ToSwitch() => new(Pattern, Enabled, Keep ?? TraceKeep.Store, Filter);
}

/// <summary>Something that QEMU traced. It describes what <see cref="TraceEventJson"/> writes.</summary>
/// <param name="Seq">Counts the VM's trace events, in the order in which QEMU wrote them.</param>
/// <param name="Event">Such as `virtio_blk_req_complete`; `(unparsed)` for a line of QEMU's log that is no event.</param>
/// <param name="Thread">The kernel's id of the thread; null where QEMU does not tell it.</param>
/// <param name="Vcpu">Null for a thread of QEMU's own.</param>
/// <param name="Args">Numbers as numbers, also those that QEMU prints in base 16.</param>
/// <param name="LatencyUs">Of the request that the event ends.</param>
public sealed record TracedContract(DateTimeOffset Time, long Seq, string Vm, string Event, int? Thread, int? Vcpu, JsonObject Args, double? LatencyUs)
{
    internal const double NanosecondsPerMicrosecond = 1000;
}

/// <param name="Cursor">For the next, older page; null where there is none.</param>
public sealed record TracePageContract(IReadOnlyList<TracedContract> Items, string? Cursor);

/// <summary>How many trace events there were when; or a part of it, whose bins are added to those of the parts before.</summary>
/// <param name="From">The first bin's beginning.</param>
/// <param name="BinNs">A bin's width. Bins begin at multiples of it.</param>
/// <param name="Bins">So many, the last one perhaps cut off by `to`.</param>
/// <param name="Searched">0 to 1: how much has been looked at, this part included.</param>
public sealed record TraceTimelineContract(DateTimeOffset From, DateTimeOffset To, long BinNs, int Bins, IReadOnlyList<TraceTrackContract> Tracks, double Searched, bool Complete)
{
    internal static TraceTimelineContract Of(TraceTimeline timeline) => new(
        UnixTime.FromUnixTimeNs(timeline.FromNs),
        UnixTime.FromUnixTimeNs(timeline.ToNs),
        timeline.BinNs,
        timeline.Bins,
        [.. timeline.Tracks.Select(TraceTrackContract.Of)],
        timeline.Searched,
        timeline.IsComplete);
}

/// <param name="Track">The event, vCPU, thread or device.</param>
/// <param name="Events">All of them together.</param>
/// <param name="Bin">The bins with something in them; the columns behind have an entry for each.</param>
/// <param name="LatencyCount">How many of the events ended a request whose latency is known; null if none did.</param>
/// <param name="LatencyMeanUs">Null where there was none.</param>
/// <param name="LatencyMaxUs">Null where there was none.</param>
public sealed record TraceTrackContract(
    string Vm,
    string Track,
    long Events,
    IReadOnlyList<int> Bin,
    IReadOnlyList<long> Count,
    IReadOnlyList<long>? LatencyCount,
    IReadOnlyList<double?>? LatencyMeanUs,
    IReadOnlyList<double?>? LatencyMaxUs)
{
    internal static TraceTrackContract Of(TraceTimelineTrack track) => new(
        track.Vm.ToString(),
        track.Name,
        track.Events,
        track.Bin,
        track.Count,
        track.LatencyCount.Count == 0 ? null : track.LatencyCount,
        Us(track.LatencyCount, track.LatencyMeanNs),
        Us(track.LatencyCount, track.LatencyMaxNs));

    private static List<double?>? Us(IReadOnlyList<long> counts, IReadOnlyList<long> ns) =>
        counts.Count == 0 ? null : [.. counts.Zip(ns, (count, one) => count == 0 ? (double?)null : one / TracedContract.NanosecondsPerMicrosecond)];
}

/// <summary>What there was of one event.</summary>
/// <param name="LatencyUs">Of the requests that it ended; null if it ended none whose latency is known.</param>
public sealed record TraceStatisticContract(string Vm, string Event, long Count, double RatePerSecond, TraceLatencyContract? LatencyUs)
{
    internal static TraceStatisticContract Of(TraceStatistic one) => new(
        one.Vm.ToString(), one.Event, one.Count, Math.Round(one.RatePerSecond, 3), one.Latency is { } latency ? TraceLatencyContract.Of(latency) : null);
}

/// <summary>Microseconds; the percentiles are at most 6 % off, the largest is exact.</summary>
public sealed record TraceLatencyContract(long Count, double P50, double P95, double P99, double Max)
{
    internal static TraceLatencyContract Of(TraceLatency latency) => new(
        latency.Count,
        latency.P50Ns / TracedContract.NanosecondsPerMicrosecond,
        latency.P95Ns / TracedContract.NanosecondsPerMicrosecond,
        latency.P99Ns / TracedContract.NanosecondsPerMicrosecond,
        latency.MaxNs / TracedContract.NanosecondsPerMicrosecond);
}

/// <summary>How long requests took, over time.</summary>
/// <param name="From">The first bin's beginning.</param>
/// <param name="BinNs">A bin's width. Bins begin at multiples of it.</param>
/// <param name="Bin">The cells with something in them, by bin and latency; the columns behind have an entry for each.</param>
/// <param name="LeastUs">The least latency that counts there, in microseconds.</param>
/// <param name="BelowUs">The least one that does not any more.</param>
public sealed record TraceLatenciesContract(
    DateTimeOffset From,
    DateTimeOffset To,
    long BinNs,
    int Bins,
    IReadOnlyList<int> Bin,
    IReadOnlyList<double> LeastUs,
    IReadOnlyList<double> BelowUs,
    IReadOnlyList<long> Count)
{
    internal static TraceLatenciesContract Of(TraceLatencies latencies) => new(
        UnixTime.FromUnixTimeNs(latencies.FromNs),
        UnixTime.FromUnixTimeNs(latencies.ToNs),
        latencies.BinNs,
        latencies.Bins,
        [.. latencies.Cells.Select(cell => cell.Bin)],
        [.. latencies.Cells.Select(cell => cell.LeastNs / TracedContract.NanosecondsPerMicrosecond)],
        [.. latencies.Cells.Select(cell => cell.BelowNs / TracedContract.NanosecondsPerMicrosecond)],
        [.. latencies.Cells.Select(cell => cell.Count)]);
}
