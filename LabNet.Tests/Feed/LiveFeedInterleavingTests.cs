using LabNet.Core.Feed;

namespace LabNet.Tests.Feed;

[Trait("suite", "unit")]
public sealed class LiveFeedInterleavingTests
{
    private const int Hang = 120_000;

    private static readonly FeedSource[] Sources = [new("a"), new("b"), FeedSource.Lab];

    [LongFormFact(Hang)]
    public async Task In_any_order_of_steps_nothing_is_lost_without_a_gap_nor_told_twice_nor_out_of_order()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(5000); round++)
        {
            await new Steps(random).RunAsync(random.Next(5, 80));
        }
    }

    [LongFormFact(Hang)]
    public async Task With_publishers_and_subscribers_at_once_snapshot_and_stream_join_without_a_hole()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(100); round++)
        {
            await RunAtOnceAsync(random.Next(), records: 300);
        }
    }

    /// <summary>States only, one of each source: then the snapshot tells the sequence that the stream must go on from.</summary>
    private static async Task RunAtOnceAsync(int seed, int records)
    {
        var feed = new LiveFeed(TimeProvider.System);
        var publishing = Sources.SelectMany(source => Enumerable.Repeat(source, 2)).Select(source => Task.Run(() =>
        {
            for (var i = 0; i < records; i++)
            {
                feed.Publish(source, new Changed("state", i));
            }
        })).ToList();
        var reading = Enumerable.Range(0, 4).Select(number => Task.Run(() => SubscribeOftenAsync(feed, new Random(seed + number), records * 2))).ToList();
        await Task.WhenAll(publishing);
        await Task.WhenAll(reading);
    }

    private static async Task SubscribeOftenAsync(LiveFeed feed, Random random, long last)
    {
        for (var i = 0; i < 4; i++)
        {
            await using var early = new FeedReader(feed.Subscribe(capacity: random.Next(1, 20)), bases: null);
            var known = early.States.Values.Count(record => record.Sequence == last);
            for (var reads = random.Next(1, 50); reads > 0 && known < Sources.Length; reads--)
            {
                await early.ReadAsync();
                known = early.States.Values.Count(record => record.Sequence == last);
            }

            Assert.All(Sources, early.CheckJoinsSnapshot);
        }

        await using var reader = new FeedReader(feed.Subscribe(capacity: random.Next(1, 20)), bases: null);
        while (Sources.Any(source => reader.States.GetValueOrDefault((source, "state"))?.Sequence != last))
        {
            await reader.ReadAsync();
        }

        foreach (var source in Sources)
        {
            reader.CheckJoinsSnapshot(source);
            reader.CheckComplete(source, last, static _ => true);
        }
    }

    /// <summary>One thread, random steps: so a failure can be repeated.</summary>
    private sealed class Steps(Random random)
    {
        private readonly LiveFeed _feed = new(new ManualTimeProvider());
        private readonly Dictionary<FeedSource, long> _published = Sources.ToDictionary(source => source, _ => 0L);
        private readonly List<(FeedReader Reader, bool EvenOnly)> _readers = [];
        private readonly HashSet<(FeedSource, long)> _even = [];

        public async Task RunAsync(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                switch (random.Next(10))
                {
                    case 0:
                        Subscribe();
                        break;
                    case 1 when _readers.Count > 0:
                        await EndAsync(random.Next(_readers.Count));
                        break;
                    case <= 3 when _readers.Count > 0:
                        await ReadOneAsync(_readers[random.Next(_readers.Count)]);
                        break;
                    default:
                        Publish();
                        break;
                }
            }

            while (_readers.Count > 0)
            {
                await EndAsync(0);
            }
        }

        private void Publish()
        {
            var source = Sources[random.Next(Sources.Length)];
            var value = random.NextInt64(1000);
            var record = _feed.Publish(source, random.Next(2) == 0 ? new Happened(value) : new Changed($"{random.Next(3)}", value));
            Assert.Equal(++_published[source], record.Sequence);
            if (IsEven(record))
            {
                _even.Add((source, record.Sequence));
            }
        }

        private void Subscribe()
        {
            var evenOnly = random.Next(3) == 0;
            var subscription = _feed.Subscribe(evenOnly ? IsEven : null, random.Next(1, 6));
            _readers.Add((new FeedReader(subscription, _published.ToDictionary()), evenOnly));
        }

        private async Task ReadOneAsync((FeedReader Reader, bool EvenOnly) reader)
        {
            if (Sources.Any(source => LastWanted(source, reader.EvenOnly) > Math.Max(reader.Reader.LastSequence(source), reader.Reader.Base(source))))
            {
                Assert.True(await reader.Reader.ReadAsync());
            }
        }

        private long LastWanted(FeedSource source, bool evenOnly)
        {
            for (var sequence = _published[source]; sequence > 0; sequence--)
            {
                if (!evenOnly || _even.Contains((source, sequence)))
                {
                    return sequence;
                }
            }

            return 0;
        }

        private async Task EndAsync(int index)
        {
            var (reader, evenOnly) = _readers[index];
            _readers.RemoveAt(index);
            await using var _ = reader;
            reader.Subscription.Dispose();
            while (await reader.ReadAsync())
            {
            }

            foreach (var source in Sources)
            {
                reader.CheckComplete(source, _published[source], sequence => !evenOnly || _even.Contains((source, sequence)));
                for (var key = 0; key < 3 && !evenOnly; key++)
                {
                    Assert.Equal(_feed.Find<Changed>(source, $"{key}"), reader.States.GetValueOrDefault((source, $"{key}"))?.Item);
                }
            }
        }

        private static bool IsEven(FeedRecord record) => record.Item switch
        {
            Changed changed => changed.Value % 2 == 0,
            Happened happened => happened.Value % 2 == 0,
            _ => false,
        };
    }
}
