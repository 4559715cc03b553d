using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Web.Api;

/// <summary>Packets that are to go from one guest to another, sent and received by Scapy in the guests.</summary>
/// <param name="Link">That both are on; may be left out where there is one alone.</param>
/// <param name="Protocol">`udp`, `icmp` (echo requests), `tcp` (SYN segments), or `ethernet` (frames without IP).</param>
/// <param name="Port">Source and destination port; the id of ICMP.</param>
/// <param name="Payload">A text in each packet, behind 12 bytes by which LabNet knows it.</param>
/// <param name="PayloadBytes">Filled up, or cut, to so many bytes, those 12 included.</param>
/// <param name="Script">A Python program in the sender's shared folder that sends instead. It gets `--interface`, `--destination`, `--count` and `--payload`.</param>
public sealed record TrafficRunRequest(
    string From,
    string To,
    string? Link = null,
    TrafficProtocol Protocol = TrafficProtocol.Udp,
    int Port = TrafficWish.PortAtFirst,
    string Payload = "",
    int? PayloadBytes = null,
    int Count = 5,
    double RatePerSecond = 10,
    string? Script = null)
{
    /// <exception cref="BadInputException"/>
    internal TrafficWish ToWish(TrafficGenerator generator)
    {
        if (!VmName.TryParse(From, out var from) || !VmName.TryParse(To, out var to))
        {
            throw new BadInputException("from and to are names of VMs.");
        }

        var links = generator.LinksOf(from, to);
        var link = Link is not null ? LinkName.TryParse(Link, out var named) ? named : throw new BadInputException($"link: “{Link}” is none.")
            : links is [var only] ? only
            : throw new BadInputException(links.Count == 0 ? $"link: {from} and {to} are on no link together." : $"link: {from} and {to} are on several: {string.Join(", ", links)}. Give one.");
        return new TrafficWish(from, to, link, Protocol, Port, Payload, PayloadBytes, Count, RatePerSecond, Script);
    }
}

/// <param name="Operation">By which it can be followed and cancelled.</param>
public sealed record TrafficRunStarted(string Operation, string Run);

/// <summary>Packets from one guest to another, and what came of them.</summary>
/// <param name="Result">Null until it ended.</param>
/// <param name="Packets">The first 2,000; null in a list.</param>
/// <param name="Output">What a script printed.</param>
/// <param name="Problem">Why it failed, or ended early.</param>
public sealed record TrafficRunContract(
    string Id,
    string From,
    string To,
    string Link,
    TrafficProtocol Protocol,
    int Port,
    string Payload,
    int? PayloadBytes,
    int Count,
    double RatePerSecond,
    string? Script,
    string StartedBy,
    TrafficRunState State,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    TrafficResult? Result,
    IReadOnlyList<TrafficPacket>? Packets,
    string? Output,
    string? Problem)
{
    internal static TrafficRunContract Of(TrafficRun run, bool withPackets) => new(
        run.Id,
        run.Wish.From.ToString(),
        run.Wish.To.ToString(),
        run.Wish.Link.ToString(),
        run.Wish.Protocol,
        run.Wish.Port,
        run.Wish.Payload,
        run.Wish.PayloadBytes,
        run.Wish.Count,
        run.Wish.RatePerSecond,
        run.Wish.Script,
        run.Actor,
        run.State,
        run.StartedAt,
        run.EndedAt,
        run.Result,
        withPackets ? run.Packets : null,
        run.Output,
        run.Problem);
}
