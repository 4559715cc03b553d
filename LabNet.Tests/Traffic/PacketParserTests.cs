using System.Text;
using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class PacketParserTests
{
    private static readonly byte[] Data = new byte[100];

    [Fact]
    public void A_TCP_segment_is_read_to_its_flags()
    {
        var headers = PacketParser.Parse(Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "10.10.10.2", "10.10.10.1", Tcp(34567, 80, 0x12, 5, 6, Data))));
        Assert.Equal((MacB, MacA, PacketHeaders.Ipv4Type), (headers.EtherDestination, headers.EtherSource, headers.EtherType));
        Assert.Equal((Address("10.10.10.2"), Address("10.10.10.1")), (headers.Source, headers.Destination));
        Assert.Equal((34567, 80, (byte)0x12, 5u, 6u, 100), (headers.SourcePort, headers.DestinationPort, headers.TcpFlags, headers.TcpSequence, headers.TcpAcknowledgment, headers.PayloadBytes));
        Assert.Equal((false, false, false), (headers.IsCut, headers.IsMalformed, headers.IsLaterFragment));
    }

    [Fact]
    public void Tags_extensions_and_later_fragments_do_not_hide_the_protocol()
    {
        byte[] hopByHop = [60, 0, 1, 4, 0, 0, 0, 0];
        byte[] options = [PacketHeaders.Udp, 0, 1, 4, 0, 0, 0, 0];
        var six = PacketParser.Parse(Ether(PacketHeaders.Ipv6Type, Ipv6(0, "fd00::2", "fd00::1", [.. hopByHop, .. options, .. Udp(5353, 53, Data)]), MacB, MacA, 7, 8));
        Assert.Equal((7, PacketHeaders.Udp, 5353, 53, 100), (six.Vlan, six.Protocol, six.SourcePort, six.DestinationPort, six.PayloadBytes));
        Assert.Equal(Address("fd00::2"), six.Source);

        byte[] fragment = [PacketHeaders.Udp, 0, 0x05, 0xa9, 0, 0, 0, 1];
        var later = PacketParser.Parse(Ether(PacketHeaders.Ipv6Type, Ipv6(44, "fd00::2", "fd00::1", [.. fragment, .. Data])));
        Assert.Equal((true, PacketHeaders.Udp, null, 100), (later.IsLaterFragment, later.Protocol, later.SourcePort, later.PayloadBytes));
        var four = PacketParser.Parse(Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "10.10.10.2", "10.10.10.1", Data, fragment: 185)));
        Assert.Equal((true, null, null), (four.IsLaterFragment, four.SourcePort, four.TcpFlags));
    }

    [Fact]
    public void What_VXLAN_carries_is_found()
    {
        var frame = Vxlan(100, Ping());
        var headers = PacketParser.Parse(frame);
        Assert.Equal(100, headers.Vni);
        Assert.Equal(Ping(), frame[headers.InnerOffset..]);
        Assert.Equal(8, PacketParser.Parse(frame.AsSpan(headers.InnerOffset)).IcmpType!.Value);
    }

    [Fact]
    public void Lengths_that_lie_are_called_malformed_and_bytes_that_are_missing_cut()
    {
        Assert.True(Of(Ipv4(PacketHeaders.Udp, "1.1.1.1", "2.2.2.2", Udp(1, 2, Data), saidHeader: 4)).IsMalformed);
        Assert.True(Of(Ipv4(PacketHeaders.Udp, "1.1.1.1", "2.2.2.2", Udp(1, 2, Data), saidLength: 19)).IsMalformed);
        Assert.True(Of(Ipv4(PacketHeaders.Udp, "1.1.1.1", "2.2.2.2", Udp(1, 2, Data, saidLength: 7))).IsMalformed);
        Assert.True(Of(Ipv4(PacketHeaders.Udp, "1.1.1.1", "2.2.2.2", Udp(1, 2, Data, saidLength: 2000))).IsMalformed);
        Assert.True(Of(Ipv4(PacketHeaders.Tcp, "1.1.1.1", "2.2.2.2", Data, saidLength: 25)).IsMalformed);
        var cut = PacketParser.Parse(Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "1.1.1.1", "2.2.2.2", Tcp(1, 2, 2, 0, 0, Data))).AsSpan(0, PayloadAt + 20 + 6));
        Assert.Equal((true, false, 1, null), (cut.IsCut, cut.IsMalformed, cut.SourcePort, cut.TcpFlags));

        // An extension that says it is longer than the packet, and a chain without an end.
        byte[] endless = [.. Enumerable.Repeat<byte[]>([60, 0, 1, 4, 0, 0, 0, 0], 9).SelectMany(one => one)];
        Assert.True(PacketParser.Parse(Ether(PacketHeaders.Ipv6Type, Ipv6(60, "fd00::2", "fd00::1", endless))).IsMalformed);
        Assert.True(PacketParser.Parse(Ether(PacketHeaders.Ipv6Type, Ipv6(60, "fd00::2", "fd00::1", [17, 255, 1, 4, 0, 0, 0, 0]))).IsMalformed);

        static PacketHeaders Of(byte[] packet) => PacketParser.Parse(Ether(PacketHeaders.Ipv4Type, packet));
    }

    [Theory]
    [InlineData("ARP who has 10.10.10.1? 10.10.10.2 asks", "arp")]
    [InlineData("ICMP echo request 10.10.10.2 > 10.10.10.1 id=7 seq=3, 56 bytes", "ping")]
    [InlineData("TCP 10.10.10.2:34567 > 10.10.10.1:80 [SYN ACK] seq=5 ack=6, 100 bytes", "tcp")]
    [InlineData("VLAN 7, UDP [fd00::2]:5353 > [fd00::1]:53, 100 bytes", "udp6")]
    [InlineData("VXLAN 100: ICMP echo request 10.10.10.2 > 10.10.10.1 id=7 seq=1, 56 bytes", "vxlan")]
    [InlineData("VXLAN 1: VXLAN 2: VXLAN 3: a frame within frames", "nested")]
    [InlineData("Ethernet 52:54:00:12:34:58 > 52:54:00:12:34:57, type 0x88cc", "lldp")]
    [InlineData("Ethernet 00:00:00:00:00:00 > 00:00:00:00:00:00, type 0x0000 (cut off)", "short")]
    public void A_packet_is_summed_up_in_a_line(string line, string frame) => Assert.Equal(line, PacketSummary.Of(frame switch
    {
        "arp" => Arp(1, "10.10.10.2", "10.10.10.1"),
        "ping" => Ping(sequence: 3),
        "tcp" => Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "10.10.10.2", "10.10.10.1", Tcp(34567, 80, 0x12, 5, 6, Data))),
        "udp6" => Ether(PacketHeaders.Ipv6Type, Ipv6(PacketHeaders.Udp, "fd00::2", "fd00::1", Udp(5353, 53, Data)), MacB, MacA, 7),
        "vxlan" => Vxlan(100, Ping()),
        "nested" => Vxlan(1, Vxlan(2, Vxlan(3, Ping()))),
        "lldp" => Ether(0x88cc, Data),
        _ => [1, 2, 3],
    }));

    /// <summary>Frames with bytes changed, cut and swapped: nothing is thrown, all numbers stay within the frame, and a line is plain text.</summary>
    [LongFormFact(hangMs: 20_000)]
    public void Whatever_the_bytes_are_they_are_read_to_some_end()
    {
        var random = Seed.Print(out var seed);
        var six = Ipv6(0, "fd00::2", "fd00::1", [60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 1, .. Tcp(1, 2, 2, 3, 4, Data)]);
        byte[][] samples =
        [
            Ping(), Arp(2, "1.2.3.4", "4.3.2.1"), Vxlan(5, Vxlan(6, Vxlan(7, Ping()))), Ether(PacketHeaders.Ipv6Type, six, MacB, MacA, 7, 8), Ether(0x8100, [0x81, 0, 0x81, 0, 0x81]),
            Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "1.2.3.4", "4.3.2.1", Tcp(1, 2, 0xff, 3, 4, Data))),
        ];
        for (var round = 0; round < LongForm.Rounds(50_000); round++)
        {
            var frame = samples[random.Next(samples.Length)].ToArray();
            for (var changes = random.Next(6); changes > 0; changes--)
            {
                frame[random.Next(frame.Length)] = random.Next(3) == 0 ? (byte)255 : (byte)random.Next(256);
            }

            var cut = frame.AsSpan(0, random.Next(2) == 0 ? frame.Length : random.Next(frame.Length + 1));
            var headers = PacketParser.Parse(cut);
            Assert.True(headers.InnerOffset <= cut.Length && headers.InnerOffset >= 0, $"seed {seed}, round {round}");
            Assert.True(headers.PayloadBytes is null or >= 0, $"seed {seed}, round {round}: {headers.PayloadBytes}");
            var line = PacketSummary.Of(cut);
            Assert.True(line.Length is > 0 and < 300 && line.All(character => Rune.IsValid(character) && !char.IsControl(character)), $"seed {seed}, round {round}: {line}");
            _ = FlowKey.Of(headers);
        }
    }
}
