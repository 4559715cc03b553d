using System.Collections.Immutable;

namespace LabNet.Core.Traffic;

/// <summary>Joins what one guest sent with what the other received, by the packets' numbers.</summary>
internal static class TrafficMatch
{
    /// <param name="sent">Number and time, in the order of sending; nanoseconds by the sender's clock.</param>
    /// <param name="received">The same, by the receiver's clock, in the order of coming.</param>
    /// <param name="aheadNs">How far the receiver's clock is ahead of the sender's.</param>
    public static (TrafficResult Result, ImmutableArray<TrafficPacket> Packets) Of(
        IReadOnlyList<(int Number, long Ns)> sent, IReadOnlyList<(int Number, long Ns)> received, long aheadNs, double uncertaintyMs)
    {
        var came = received.ToLookup(one => one.Number, one => one.Ns);
        var packets = sent.Select(one => new TrafficPacket(
            one.Number,
            Ms(one.Ns - sent[0].Ns),
            came[one.Number].Any() ? Ms(came[one.Number].Min() - aheadNs - one.Ns) : null,
            came[one.Number].Count())).ToImmutableArray();
        double[] latencies = [.. packets.Where(packet => packet.LatencyMs is not null).Select(packet => packet.LatencyMs!.Value).Order()];
        var result = new TrafficResult(
            sent.Count,
            packets.Count(packet => packet.Times > 0),
            packets.Count(packet => packet.Times == 0),
            packets.Sum(packet => Math.Max(0, packet.Times - 1)),
            CountOutOfOrder(received),
            sent.Count < 2 || sent[^1].Ns == sent[0].Ns ? null : (sent.Count - 1) / ((sent[^1].Ns - sent[0].Ns) / 1e9),
            Quantile(latencies, 0.5),
            Quantile(latencies, 0.95),
            latencies.Length == 0 ? null : latencies[^1],
            uncertaintyMs);
        return (result, [.. packets.Take(TrafficRun.PacketsMax)]);
    }

    /// <summary>Those that come behind one with a greater number, as RFC 4737 § 3 counts; a second copy is no packet of its own.</summary>
    private static int CountOutOfOrder(IReadOnlyList<(int Number, long Ns)> received)
    {
        var (greatest, seen, count) = (-1, new HashSet<int>(), 0);
        foreach (var (number, _) in received)
        {
            if (seen.Add(number) && number < greatest)
            {
                count++;
            }

            greatest = Math.Max(greatest, number);
        }

        return count;
    }

    private static double? Quantile(double[] ordered, double share) => ordered.Length == 0 ? null : ordered[(int)Math.Ceiling(share * ordered.Length) - 1];

    private static double Ms(long ns) => Math.Round(ns / 1e6, 3);
}
