using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class FlowTableTests
{
    private static readonly CaptureNic Nic = new(VmName.Parse("x86"), "eth1");

    [Fact]
    public void Packets_of_one_direction_and_program_are_one_flow()
    {
        var table = new FlowTable(10);
        table.Add(Nic, Key(Ping(8, sequence: 1)), 98, timeNs: 5);
        table.Add(Nic, Key(Ping(8, sequence: 2)), 98, timeNs: 9);
        table.Add(Nic, Key(Ping(0)), 98, timeNs: 7);
        table.Add(Nic, Key(Arp(1, "10.10.10.2", "10.10.10.1")), 42, timeNs: 8);
        table.Add(new CaptureNic(VmName.Parse("arm"), "eth1"), Key(Ping()), 98, timeNs: 10);
        Assert.Equal((4, 5L, 434L, 0L), (table.Count, table.Packets, table.Bytes, table.Evicted));
        var there = Assert.Single(table.Newest(10), flow => flow.From == Nic && flow.Key.Source == Address("10.10.10.2") && flow.Key.Protocol == "ICMP");
        Assert.Equal((2L, 196L, 5L, 9L), (there.Packets, there.Bytes, there.FirstNs, there.LastNs));
        Assert.Equal(["ICMP", "ARP"], table.Newest(2).Select(flow => flow.Key.Protocol));
    }

    [Fact]
    public void What_has_no_address_of_IP_is_told_apart_by_its_MAC_addresses()
    {
        var key = Key(Ether(0x88cc, [1, 2]));
        Assert.Equal(("Ethernet", 0x88cc, "52:54:00:12:34:58", "52:54:00:12:34:57"), (key.Protocol, key.Number, key.SourceText, key.DestinationText));
        Assert.NotEqual(key, Key(Ether(0x88cc, [1, 2], from: 5)));
    }

    [LongFormFact(hangMs: 20_000)]
    public void A_flood_takes_no_more_room_and_every_packet_is_counted()
    {
        var random = Seed.Print(out var seed);
        var table = new FlowTable(50);
        var rounds = LongForm.Rounds(20_000);
        var keys = new HashSet<FlowKey>();
        for (var packet = 0; packet < rounds; packet++)
        {
            var key = new FlowKey("UDP", 17, Address("10.0.0.1"), random.Next(200), Address("10.0.0.2"), random.Next(2));
            keys.Add(key);
            table.Add(Nic, key, 10, packet);
            Assert.True(table.Count <= 50, $"seed {seed}");
        }

        Assert.Equal((rounds, rounds * 10L), (table.Packets, table.Bytes));
        Assert.True(table.Evicted >= keys.Count - 50, $"seed {seed}: {table.Evicted}");

        // The quietest ones went.
        var newest = table.Newest(100);
        Assert.Equal(newest.OrderByDescending(flow => flow.LastNs), newest);
        Assert.Equal(rounds - 1, newest[0].LastNs);
        table.ForgetBefore(rounds - 1);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_minute_that_has_too_many_flows_counts_the_rest_together()
    {
        var minutes = new FlowMinutes();
        for (var port = 0; port < 3000; port++)
        {
            minutes.Add(Nic, new FlowKey("UDP", 17, Address("10.0.0.1"), port, Address("10.0.0.2"), 1), 10, timeNs: FlowMinutes.MinuteNs + port);
        }

        minutes.Add(Nic, Key(Ping()), 98, timeNs: 3 * FlowMinutes.MinuteNs);
        var taken = minutes.Take();
        Assert.Equal(30_098, taken.Sum(one => one.Flow.Bytes));
        Assert.Equal([1L, 3L], taken.Select(one => one.Minute).Distinct().Order());
        Assert.Equal(3000 - 1024, taken.Single(one => one.Minute == 1 && one.Flow.Key.Protocol == FlowMinutes.Others).Flow.Packets);
        Assert.Equal(0, minutes.Count);
    }

    private static FlowKey Key(byte[] frame) => FlowKey.Of(PacketParser.Parse(frame));
}
