using LabNet.Core.Hosts;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

/// <summary>What the relay reads and writes: VXLAN, the kernel's table of sockets, its counters.</summary>
[Trait("suite", "unit")]
public sealed class RelayTextTests
{
    [Fact]
    public void A_VXLAN_header_is_that_of_the_RFC()
    {
        var packet = new byte[VxlanHeader.Bytes];
        VxlanHeader.Write(packet, 0x123456);
        Assert.Equal([0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0], packet);
        Assert.True(VxlanHeader.TryRead(packet, out var vni));
        Assert.Equal(0x123456, vni);
    }

    [Theory]
    [InlineData("08000000123456")]
    [InlineData("0000000012345600")]
    [InlineData("")]
    public void What_has_no_identifier_is_no_VXLAN(string hex) => Assert.False(VxlanHeader.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void Reserved_bits_are_not_looked_at()
    {
        Assert.True(VxlanHeader.TryRead(Convert.FromHexString("FFFFFFFF000001FF"), out var vni));
        Assert.Equal(1, vni);
    }

    [Fact]
    public void Drops_are_summed_over_the_sockets_that_follow_each_other_on_a_port()
    {
        var sockets = new UdpSockets();
        HashSet<int> ports = [0x4e20];
        sockets.Read(Lines(5, "0100007F:4E20"), ports);
        sockets.Read(Lines(7, "0100007F:4E20"), ports);
        sockets.Read(Lines(2, "0100007F:4E20"), ports);
        Assert.Equal(9, sockets.DropsOf(0x4e20));
        sockets.Read(Lines(99, "0100007F:4E21"), ports);
        sockets.Read(Lines(99, "0200007F:4E20"), ports);
        Assert.Equal(9, sockets.DropsOf(0x4e20));
        Assert.Equal(0, sockets.DropsOf(0x4e21));
        Assert.False(sockets.IsOpen(0x4e20));
        sockets.Read(Lines(0, "0100007F:4E20"), ports);
        Assert.True(sockets.IsOpen(0x4e20));
    }

    private static string[] Lines(long drops, string address) =>
    [
        "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
        $"  511: {address} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 36103 2 0000000000000000 {drops}",
    ];

    [Fact]
    public void Lines_that_are_none_are_passed_over() => new UdpSockets().Read(["", "a b", "1: 0100007F:ZZZZ 0 0 0 0 0 0 0 0 0 0 x"], new HashSet<int> { 1 });

    [Fact]
    public void The_counters_are_read_as_they_were_written()
    {
        using var folder = new TestFolder();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);
        Assert.Null(RelayCounters.Read(folder.Path));
        File.WriteAllBytes(RelayCounters.PathIn(folder.Path), RelayCounters.Format(7, at, "", [("t-1", new InterfaceCounters(1, 2, 3, 4, 5, 6))]));
        var read = RelayCounters.Read(folder.Path)!.Value;
        Assert.Equal((at, null), (read.At, read.Problem));
        Assert.Equal(["t-1: 1 2 0 3 0 0 0 0 4 5 0 6 0 0 0 0"], read.Lines);
        File.WriteAllBytes(RelayCounters.PathIn(folder.Path), RelayCounters.Format(8, at, "a port is taken", []));
        Assert.Equal("a port is taken", RelayCounters.Read(folder.Path)!.Value.Problem);
    }

    [Fact]
    public void Counters_that_are_being_written_are_not_taken_for_whole()
    {
        using var folder = new TestFolder();
        var text = RelayCounters.Format(8, DateTimeOffset.UnixEpoch, "", [("t-1", new InterfaceCounters(1, 2, 3, 4, 5, 6))]);
        var mixed = RelayCounters.Format(9, DateTimeOffset.UnixEpoch, "", []).Take(10).Concat(text.Skip(10)).ToArray();
        File.WriteAllBytes(RelayCounters.PathIn(folder.Path), mixed);
        Assert.Null(RelayCounters.Read(folder.Path));
        File.WriteAllBytes(RelayCounters.PathIn(folder.Path), text[..^3]);
        Assert.Null(RelayCounters.Read(folder.Path));
    }
}
