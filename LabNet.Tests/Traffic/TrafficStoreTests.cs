using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using Microsoft.Extensions.Logging.Abstractions;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class TrafficStoreTests : IAsyncLifetime
{
    private const long Minute = FlowMinutes.MinuteNs;

    private static readonly LinkName Link = LinkName.Parse("lab");
    private static readonly CaptureNic Nic = new(VmName.Parse("x86"), "eth1");

    private readonly TestFolder _folder = new();
    private RingWriter _ring = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _ring = new RingWriter(Database.Open(_folder.File("ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_flow_that_is_added_to_is_one_row_and_the_position_goes_with_it()
    {
        var store = new FlowStore(_ring);
        _ring.Start();
        var key = FlowKey.Of(PacketParser.Parse(Ping()));
        foreach (var part in (int[])[1, 2, 3])
        {
            await _ring.WriteAsync(
                FlowStore.WriteOf([(Link, 7, new Flow(Nic, key, part, part * 98, (7 * Minute) + part, (7 * Minute) + 10 + part))], [new FlowPosition(Nic, "1 2 3", 4, part * 1000, 5)]),
                Cancellation);
        }

        await _ring.FlushAsync(Cancellation);
        var flow = Assert.Single(store.Read(Link, 7 * Minute, 8 * Minute, 10));
        Assert.Equal((6L, 588L, (7 * Minute) + 1, (7 * Minute) + 13, "ICMP", "10.10.10.2", null), (flow.Packets, flow.Bytes, flow.FirstNs, flow.LastNs, flow.Protocol, flow.Source, flow.SourcePort));
        Assert.Empty(store.Read(Link, 8 * Minute, 9 * Minute, 10));
        Assert.Equal([new FlowPosition(Nic, "1 2 3", 4, 3000, 5)], store.ReadPositions());
    }

    [Fact]
    public async Task Over_the_budget_the_oldest_flows_go()
    {
        var store = new FlowStore(_ring, budgetBytes: 100 * 220);
        _ring.AddMaintenance(store.Trim);
        var flows = Enumerable.Range(0, 6000).Select(number => (Link, (long)number, new Flow(Nic, FlowKey.Of(PacketParser.Parse(Ping())), 1, 98, number * Minute, number * Minute))).ToList();
        await _ring.WriteAsync(FlowStore.WriteOf(flows, []), Cancellation);
        _ring.Start();
        IReadOnlyList<FlowMinute> left;
        do
        {
            await _ring.FlushAsync(Cancellation);
            left = store.Read(Link, 0, 10_000 * Minute, int.MaxValue);
        }
        while (left.Count == 6000);

        Assert.InRange(left.Count, 0, 1000);
        Assert.All(left, flow => Assert.True(flow.MinuteNs >= 5000 * Minute));
    }

    [Fact]
    public async Task Pings_of_the_past_are_told_in_stretches()
    {
        var feed = new LiveFeed(TimeProvider.System);
        var store = new PingStore(_ring);
        await using var recorder = new PingRecorder(feed, store, _ring);
        recorder.Open();
        _ring.Start();
        Assert.Empty(store.Read(Link, 0, 60_000_000_000, binsMax: 3));
        for (var second = 0; second < 60; second += 10)
        {
            var lost = second is 20 or 30;
            feed.Publish(FeedSource.Lab, new PingMeasured(
                Link, Nic.Vm, VmName.Parse("arm"), 3, lost ? 0 : 3, 1450, lost ? null : second + 1, second == 30 ? "busy" : null, DateTimeOffset.UnixEpoch.AddSeconds(second)));
        }

        feed.Publish(FeedSource.Lab, new PathMtuMeasured(Link, Nic.Vm, VmName.Parse("arm"), 1450, null, 1451, null, DateTimeOffset.UnixEpoch));
        await recorder.CatchUpAsync(Cancellation);
        var bins = store.Read(Link, 0, 60_000_000_000, binsMax: 3);
        Assert.Equal([(0L, 6L, 6L, 1_000_000L, 6_000_000L, 11_000_000L, 0L), (40_000_000_000L, 6L, 6L, 41_000_000L, 46_000_000L, 51_000_000L, 0L)],
            bins.Where(bin => bin.Received > 0).Select(bin => (bin.FromNs, bin.Sent, bin.Received, bin.RttMinNs!.Value, bin.RttMeanNs!.Value, bin.RttMaxNs!.Value, bin.Unmeasured)));
        var dark = Assert.Single(bins, bin => bin.Received == 0);
        Assert.Equal((20_000_000_000L, 6L, null, null, 1L), (dark.FromNs, dark.Sent, dark.RttMinNs, dark.RttMaxNs, dark.Unmeasured));
    }
}
