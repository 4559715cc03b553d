using LabNet.Core.Feed;

namespace LabNet.Tests.Feed;

[Trait("suite", "unit")]
public sealed class LiveFeedTests
{
    private const int Hang = 30_000;

    private static readonly FeedSource Box = new("box");

    private readonly ManualTimeProvider _time = new();
    private readonly LiveFeed _feed;

    public LiveFeedTests() => _feed = new LiveFeed(_time);

    [Fact]
    public void Each_source_counts_its_records_from_one_with_the_feeds_time()
    {
        Assert.Equal(new FeedRecord(Box, 1, _time.GetUnixTimeNs(), new Happened(5)), _feed.Publish(Box, new Happened(5)));
        _time.Advance(TimeSpan.FromTicks(3));
        Assert.Equal(new FeedRecord(Box, 2, _time.GetUnixTimeNs(), new Happened(6)), _feed.Publish(Box, new Happened(6)));
        Assert.Equal(1, _feed.Publish(FeedSource.Lab, new Happened(7)).Sequence);
        Assert.Equal(300, _time.GetUnixTimeNs() % 1000);
        Assert.Equal(_time.GetUtcNow(), UnixTime.FromUnixTimeNs(_time.GetUnixTimeNs()));
    }

    [Fact]
    public void The_snapshot_has_the_newest_of_each_wanted_state_in_the_order_of_publishing_whatever_the_clock_does()
    {
        _feed.Publish(Box, new Changed("a", 1));
        _feed.Publish(Box, new Changed("b", 1));
        _feed.Publish(Box, new Happened(1));
        _time.SetBack(TimeSpan.FromHours(1));
        _feed.Publish(Box, new Changed("a", 2));
        _feed.Publish(FeedSource.Lab, new Changed("c", 1));
        using var all = _feed.Subscribe();
        Assert.Equal([new Changed("b", 1), new Changed("a", 2), new Changed("c", 1)], all.Snapshot.Select(record => record.Item));
        using var some = _feed.Subscribe(record => record.Source == FeedSource.Lab);
        Assert.Equal([new Changed("c", 1)], some.Snapshot.Select(record => record.Item));
        Assert.Equal(2, _feed.Find<Changed>(Box, "a")?.Value);
        Assert.Null(_feed.Find<Changed>(Box, "c"));
        Assert.Null(_feed.Find<Happened>(Box, "a"));
    }

    [Fact(Timeout = Hang)]
    public async Task After_a_gap_come_the_newest_states_that_were_missed_and_then_what_followed()
    {
        using var subscription = _feed.Subscribe(capacity: 1);
        _feed.Publish(Box, new Happened(1));
        _feed.Publish(Box, new Changed("a", 2));
        _feed.Publish(Box, new Happened(3));
        _feed.Publish(Box, new Changed("b", 4));
        _feed.Publish(Box, new Changed("a", 5));
        await using var reader = subscription.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal(new Happened(1), await NextAsync(reader));
        _feed.Publish(Box, new Happened(6));
        Assert.Equal(new FeedGap(2, 3, 2), await NextAsync(reader));
        Assert.Equal(new Changed("b", 4), await NextAsync(reader));
        Assert.Equal(new Changed("a", 5), await NextAsync(reader));
        Assert.Equal(new Happened(6), await NextAsync(reader));
        subscription.Dispose();
        Assert.False(await reader.MoveNextAsync());
    }

    [Fact(Timeout = Hang)]
    public async Task A_reader_that_stops_in_the_middle_of_a_gap_and_comes_back_misses_nothing()
    {
        using var subscription = _feed.Subscribe(capacity: 1);
        for (var i = 1; i <= 3; i++)
        {
            _feed.Publish(Box, new Changed($"{i}", i));
        }

        List<FeedItem> items = [];
        while (items.Count < 3)
        {
            await foreach (var record in subscription.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                items.Add(record.Item);
                break;
            }
        }

        Assert.Equal([new Changed("1", 1), new Changed("2", 2), new Changed("3", 3)], items);
    }

    [Fact(Timeout = Hang)]
    public async Task A_cancelled_reader_can_come_back()
    {
        using var subscription = _feed.Subscribe();
        using var cancellation = new CancellationTokenSource();
        await using (var first = subscription.ReadAllAsync(cancellation.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken))
        {
            var moving = first.MoveNextAsync();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving.AsTask());
        }

        _feed.Publish(Box, new Happened(1));
        await using var second = subscription.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal(new Happened(1), await NextAsync(second));
    }

    [Fact]
    public void A_capacity_of_nothing_is_misuse() => Assert.Throws<ArgumentOutOfRangeException>(() => _feed.Subscribe(capacity: 0));

    private static async Task<FeedItem> NextAsync(IAsyncEnumerator<FeedRecord> reader)
    {
        Assert.True(await reader.MoveNextAsync());
        return reader.Current.Item;
    }
}
