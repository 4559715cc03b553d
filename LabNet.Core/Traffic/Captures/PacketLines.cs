using System.Buffers;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>A packet in one line.</summary>
/// <param name="Number">From 1, in the order of time.</param>
/// <param name="Bytes">Of the whole frame.</param>
/// <param name="Summary">Text that may have come from a guest by way of a dissector; never to be taken for markup.</param>
public sealed record PacketLine(long Number, long TimeNs, CaptureNic Nic, int Bytes, string Protocol, string Summary);

/// <summary>Packets in one line each: by tshark where it is installed, else, or where it fails, in LabNet's own words.</summary>
public static class PacketLines
{
    /// <summary>Whether tshark is installed.</summary>
    public static bool HasTshark => Host.HasTshark;

    /// <param name="byTshark">Whether that is wanted.</param>
    /// <returns>The lines, and whether they are tshark's.</returns>
    public static async Task<(IReadOnlyList<PacketLine> Lines, bool ByTshark)> OfAsync(IReadOnlyList<CapturedPacket> packets, bool byTshark, CancellationToken cancellationToken)
    {
        if (byTshark && packets.Count > 0 && await Host.SummarizeAsync(Pcapng(packets), packets.Count, cancellationToken) is { } told)
        {
            return ([.. packets.Zip(told, (packet, line) => Line(packet, line.Protocol, line.Summary))], true);
        }

        return ([.. packets.Select(packet => Line(packet, PacketSummary.ProtocolOf(PacketParser.Parse(packet.Frame)), PacketSummary.Of(packet.Frame)))], false);
    }

    private static PacketLine Line(CapturedPacket packet, string protocol, string summary) =>
        new(packet.Number, packet.TimeNs, packet.Nic, packet.Bytes, protocol, summary);

    private static ReadOnlyMemory<byte> Pcapng(IReadOnlyList<CapturedPacket> packets)
    {
        var file = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(file);
        writer.WriteSection(comment: null);
        writer.WriteInterface("captured", description: null);
        foreach (var packet in packets)
        {
            writer.WritePacket(0, packet.TimeNs, packet.Bytes, packet.Frame);
        }

        return file.WrittenMemory;
    }
}
