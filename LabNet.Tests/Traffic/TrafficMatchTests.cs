using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class TrafficMatchTests
{
    private static readonly TrafficWish Wish = new(VmName.Parse("x86"), VmName.Parse("arm"), LinkName.Parse("lab"), TrafficProtocol.Udp, 9, "hello", PayloadBytes: null, Count: 5, RatePerSecond: 10);

    [Fact]
    public void What_was_lost_doubled_and_overtaken_is_counted_and_clocks_that_differ_do_not_matter()
    {
        const long Ahead = 3_600_000_000_000;
        var (result, packets) = TrafficMatch.Of(
            [(0, 0), (1, 100_000_000), (2, 200_000_000), (3, 300_000_000)],
            [(1, Ahead + 104_000_000), (0, Ahead + 105_000_000), (1, Ahead + 110_000_000), (3, Ahead + 301_000_000)],
            Ahead,
            uncertaintyMs: 0.5);
        Assert.Equal(new TrafficResult(Sent: 4, Received: 3, Lost: 1, Duplicates: 1, OutOfOrder: 1, RatePerSecond: 10, LatencyMs: 4, LatencyP95Ms: 105, LatencyMaxMs: 105, UncertaintyMs: 0.5), result);
        Assert.Equal([105, 4, null, 1], packets.Select(packet => packet.LatencyMs));
        Assert.Equal([1, 2, 0, 1], packets.Select(packet => packet.Times));
    }

    [Fact]
    public void Where_nothing_came_nothing_is_measured()
    {
        var (result, _) = TrafficMatch.Of([(0, 5)], [], aheadNs: 0, uncertaintyMs: 1);
        Assert.Equal((1, 0, 1, null, null), (result.Sent, result.Received, result.Lost, result.LatencyMs, result.RatePerSecond));
    }

    [Theory]
    [InlineData(0, 10, 9, null, null, "count")]
    [InlineData(10_001, 10, 9, null, null, "count")]
    [InlineData(5, 0, 9, null, null, "ratePerSecond")]
    [InlineData(5, double.NaN, 9, null, null, "ratePerSecond")]
    [InlineData(5, 10, 0, null, null, "port")]
    [InlineData(5, 10, 9, 11, null, "payloadBytes")]
    [InlineData(5, 10, 9, null, "../etc/passwd", "script")]
    [InlineData(5, 10, 9, null, "a/../../b.py", "script")]
    [InlineData(5, 10, 9, null, "-c", "script")]
    public void What_cannot_be_is_told(int count, double rate, int port, int? bytes, string? script, string told) =>
        Assert.StartsWith(told, (Wish with { Count = count, RatePerSecond = rate, Port = port, PayloadBytes = bytes, Script = script }).Mistake, StringComparison.Ordinal);

    [Theory]
    [InlineData("send.py")]
    [InlineData("mine/send-2.py")]
    public void A_script_of_the_shared_folder_is_taken(string script) => Assert.Null((Wish with { Script = script }).Mistake);
}
