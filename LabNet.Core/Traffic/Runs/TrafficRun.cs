using System.Collections.Immutable;
using LabNet.Core.Feed;

namespace LabNet.Core.Traffic;

/// <summary>Where a traffic run stands.</summary>
public enum TrafficRunState
{
    /// <summary>Scapy is being started in both guests: some seconds under TCG.</summary>
    Preparing,
    Sending,
    Ended,
    Failed,
}

/// <summary>One packet of a run.</summary>
/// <param name="SentMs">After the first one, by the sender's clock.</param>
/// <param name="LatencyMs">From the sending program to the receiver's kernel, both clocks compared; null of one that did not come.</param>
/// <param name="Times">How often it came.</param>
public sealed record TrafficPacket(int Number, double SentMs, double? LatencyMs, int Times);

/// <summary>What came of a run's packets.</summary>
/// <param name="Lost">Sent and not received.</param>
/// <param name="Duplicates">Received once more.</param>
/// <param name="OutOfOrder">Received behind one that was sent later.</param>
/// <param name="RatePerSecond">Packets a second, as they were sent; null of fewer than two.</param>
/// <param name="LatencyMs">Median; null if none came, or nothing could be matched.</param>
/// <param name="LatencyP95Ms">Of 100, 95 were as fast.</param>
/// <param name="UncertaintyMs">How far the two guests' clocks may be apart after they were compared: latencies may be so much off, all in the same direction.</param>
public sealed record TrafficResult(
    int Sent, int Received, int Lost, int Duplicates, int OutOfOrder, double? RatePerSecond, double? LatencyMs, double? LatencyP95Ms, double? LatencyMaxMs, double? UncertaintyMs);

/// <summary>Packets from one guest to another, and what came of them.</summary>
/// <param name="Result">Null until it ended.</param>
/// <param name="Packets">The first of them; of a script none, as LabNet does not know its packets.</param>
/// <param name="Output">What a script printed; null of LabNet's own program.</param>
/// <param name="Problem">Why it failed; null if it did not.</param>
public sealed record TrafficRun(
    string Id,
    TrafficWish Wish,
    string Actor,
    TrafficRunState State,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    TrafficResult? Result,
    ImmutableArray<TrafficPacket> Packets,
    string? Output,
    string? Problem)
{
    /// <summary>What a page shows and lab.db keeps of each.</summary>
    public const int PacketsMax = 2000;
}

/// <summary>A run came further; the whole run.</summary>
public sealed record TrafficRunChanged(TrafficRun Run) : EventItem
{
    public override EventNote? Note => Run switch
    {
        { State: TrafficRunState.Sending } => Told("sending", $"{Run.Wish.Count} packets go from {Run.Wish.From} to {Run.Wish.To} over {Run.Wish.Link}."),
        { State: TrafficRunState.Ended, Result: { } result } => Told("ended", $"{result.Received} of {result.Sent} packets from {Run.Wish.From} came to {Run.Wish.To} over {Run.Wish.Link}."),
        { State: TrafficRunState.Failed } => Told("failed", $"No packets went from {Run.Wish.From} to {Run.Wish.To}: {Run.Problem}"),
        _ => null,
    };

    private static EventNote Told(string name, string text) => new(EventKind.Traffic, name, text);
}
