using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceStoreTests : IAsyncLifetime
{
    private static readonly VmName Vm = VmName.Parse("box");
    private static readonly TraceCatalogue Catalogue = TraceCatalogue.Parse(RandomTraceLog.Declarations);

    private static readonly string[] Filters =
    [
        "", "event ~ virtio_blk_*", "thread == 101", "sector >= 400000 and sector < 600000", "latencyUs > 2000", "not (event == nothing or thread == 102)", "name == ahci or text ~ *3",
    ];

    private readonly TestFolder _folder = new();
    private readonly TraceIntake _intake = new(Vm, Catalogue);
    private RingWriter _ring = null!;
    private long _offset;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _ring = new RingWriter(Database.Open(_folder.File("ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        _ring.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Segments grow, are ended and rolled up at random moments; whatever is asked is compared with what a walk over all events says.</summary>
    [Fact]
    public async Task Whatever_is_asked_is_what_a_walk_over_all_events_says()
    {
        var random = Seed.Print();
        var (log, all) = (new RandomTraceLog(random), new AllEvents());
        TraceStore[] stores = [new(_ring), new(_ring) { RawMax = 0 }];
        for (var round = LongForm.Rounds(12); round > 0; round--)
        {
            var lines = log.Lines(random.Next(1, 6000));
            all.Add(lines);
            Read(lines);
            await WriteAsync(finish: random.Next(3) == 0);
            await MaintainAsync(stores[0], random.Next(3));
            foreach (var store in stores)
            {
                var filter = Filter(Filters[random.Next(Filters.Length)]);
                var (from, to) = all.RandomRange(random);
                CheckPages(store, all, filter, from, to, random);
                CheckTimeline(store, all, new TraceTimelineQuery([Vm], from, to, random.Next(2, 2000), (TraceTrackBy)random.Next(3), filter));
                CheckStatistics(store, all, filter);
                CheckRequests(store, all, from, to);
                CheckLatencies(store, all, new TraceTimelineQuery([Vm], from, to, random.Next(2, 300), TraceTrackBy.Event, filter));
            }
        }

        await MaintainAsync(stores[0], int.MaxValue);
        CheckTimeline(stores[1], all, new TraceTimelineQuery([Vm], all.FromNs, all.ToNs, 50));
        Assert.Equal(all.Events.Count, stores[0].ReadExtent().Events);
    }

    [Fact]
    public async Task A_page_goes_on_where_the_one_before_ended_while_more_arrives()
    {
        var (log, all, store) = (new RandomTraceLog(new Random(1)), new AllEvents(), new TraceStore(_ring));
        await AppendAsync(log, all, 20_000);
        var seen = new List<long>();
        long? before = null;
        for (var page = store.Read(new TraceQuery(Vm, 777)); page.Count > 0; page = store.Read(new TraceQuery(Vm, 777, BeforeSequence: before)))
        {
            seen.AddRange(page.Select(one => one.Sequence));
            before = page[^1].Sequence;
            await AppendAsync(log, all, 500);
        }

        Assert.Equal(Enumerable.Range(1, 20_000).Select(number => (long)number).Reverse(), seen);
    }

    [Fact]
    public async Task A_segment_that_grows_takes_the_place_of_what_it_was_and_is_counted_once()
    {
        var (log, all, store) = (new RandomTraceLog(new Random(2)), new AllEvents(), new TraceStore(_ring));
        await AppendAsync(log, all, 100);
        var once = store.ReadExtent();
        await AppendAsync(log, all, 200);
        var twice = store.ReadExtent();
        Assert.Equal((100, 300), (once.Events, twice.Events));
        Assert.InRange(twice.SizeBytes, once.SizeBytes + 1, once.SizeBytes * 3);
        Assert.Equal(1, _ring.Read(reader => Dapper.SqlMapper.ExecuteScalar<long>(reader, "SELECT count(*) FROM trace_segments")));
        Assert.Equal(new TracePosition(1, _offset, 301), store.ReadPosition(Vm));
        Assert.Null(store.ReadPosition(VmName.Parse("other")));
    }

    [Fact]
    public async Task Over_the_budget_the_oldest_segments_go_with_their_rollups()
    {
        const long Budget = 300_000;
        var (log, all, store) = (new RandomTraceLog(new Random(3)), new AllEvents(), new TraceStore(_ring, Budget));
        for (var round = 0; round < 60; round++)
        {
            await AppendAsync(log, all, 3000, finish: true);
            await MaintainAsync(store, int.MaxValue);
            Assert.InRange(store.ReadExtent().SizeBytes, 1, Budget);
        }

        var newest = store.Read(new TraceQuery(Vm, int.MaxValue));
        Assert.Equal(all.Events[^1].Sequence, newest[0].Sequence);
        Assert.InRange(newest.Count, 3000, all.Events.Count - 3000);
        Assert.Equal(newest[^1].TimeNs, store.ReadExtent().OldestNs!.Value, 5_000_000.0);
        var kept = _ring.Read(reader => Dapper.SqlMapper.ExecuteScalar<long>(reader, "SELECT min(end_ns) - (SELECT min(start_ns) FROM trace_segments) FROM trace_rollups"));
        Assert.InRange(kept, 0, long.MaxValue);
    }

    [Fact]
    public async Task A_filter_that_looks_at_each_event_answers_part_by_part_and_the_parts_make_the_whole()
    {
        var (log, all, store) = (new RandomTraceLog(new Random(4)), new AllEvents(), new TraceStore(_ring));
        for (var segment = 0; segment < 130; segment++)
        {
            Read(all.Add(log.Lines(40)));
            _intake.Finish();
        }

        await WriteAsync(finish: true);
        var query = new TraceTimelineQuery([Vm], all.FromNs, all.ToNs, 100, TraceTrackBy.Event, Filter("latencyUs > 0"));
        var parts = store.ReadTimeline(query).ToList();
        Assert.Equal([true, false, false], parts.Select(part => part.IsComplete).Reverse());
        Assert.Equal(parts.Select(part => part.Searched).Order(), parts.Select(part => part.Searched));
        CheckTimeline(store, all, query);
        Assert.Equal(parts.Sum(part => part.Tracks.Sum(track => track.Events)), store.ReadWholeTimeline(query, Cancellation).Tracks.Sum(track => track.Events));
    }

    private static TraceFilter? Filter(string text) => text.Length == 0 ? null
        : TraceFilter.TryParse(text, Catalogue, out var filter, out var mistake) ? filter : throw new InvalidOperationException(mistake.ToString());

    private static void CheckPages(TraceStore store, AllEvents all, TraceFilter? filter, long from, long to, Random random)
    {
        var expected = all.Matching(filter).Where(one => one.TimeNs >= from && one.TimeNs < to).Select(one => one.Sequence).OrderDescending().ToList();
        var (found, limit) = (new List<long>(), random.Next(1, 3000));
        long? before = null;
        for (var more = true; more;)
        {
            var page = store.Read(new TraceQuery(Vm, limit, from, to, filter, before));
            found.AddRange(page.Select(one => one.Sequence));
            more = page.Count == limit;
            before = more ? page[^1].Sequence : null;
        }

        Assert.Equal(expected, found);
    }

    private static void CheckTimeline(TraceStore store, AllEvents all, TraceTimelineQuery query)
    {
        var whole = store.ReadWholeTimeline(query, Cancellation);
        Assert.InRange(whole.Bins, 1, query.Bins + 1);
        Assert.Equal(0, whole.FromNs % whole.BinNs);
        Assert.InRange(whole.FromNs, query.FromNs - whole.BinNs + 1, query.FromNs);
        var end = whole.FromNs + (whole.Bins * whole.BinNs);
        Assert.InRange(end, query.ToNs, query.ToNs + whole.BinNs);
        var expected = all.Matching(query.Filter)
            .Where(one => one.TimeNs >= whole.FromNs && one.TimeNs < end)
            .GroupBy(one => (Track: query.By switch { TraceTrackBy.Event => one.Type.Name, TraceTrackBy.Thread => $"thread {one.Thread.Id}", _ => "QEMU's own threads" }, Bin: (int)((one.TimeNs - whole.FromNs) / whole.BinNs)))
            .OrderBy(group => group.Key.Track, StringComparer.Ordinal).ThenBy(group => group.Key.Bin)
            .Select(group => (group.Key.Track, group.Key.Bin, (long)group.Count(), group.Max(one => one.LatencyNs) ?? 0, (long)group.Count(one => one.LatencyNs is not null)));
        var got = whole.Tracks.SelectMany(track => track.Bin.Select((bin, entry) => (
            track.Name, bin, track.Count[entry], track.LatencyCount.Count == 0 ? 0 : track.LatencyMaxNs[entry], track.LatencyCount.Count == 0 ? 0 : track.LatencyCount[entry])));
        Assert.Equal(expected, got);
        Assert.Equal(whole.Tracks.Select(track => track.Count.Sum()), whole.Tracks.Select(track => track.Events));
    }

    private static void CheckStatistics(TraceStore store, AllEvents all, TraceFilter? filter)
    {
        var statistics = store.ReadStatistics(new TraceTimelineQuery([Vm], all.FromNs, all.ToNs, 2, TraceTrackBy.Event, filter), Cancellation);
        var expected = all.Matching(filter).GroupBy(one => one.Type.Name).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        Assert.Equal(expected.Select(group => (group.Key, (long)group.Count())), statistics.Select(one => (one.Event, one.Count)));
        foreach (var (group, one) in expected.Zip(statistics))
        {
            var latencies = group.Select(traced => traced.LatencyNs).OfType<long>().Order().ToList();
            Assert.Equal((latencies.Count, latencies.Count == 0 ? null : latencies[^1]), (one.Latency?.Count ?? 0, one.Latency?.MaxNs));
            if (one.Latency is { } latency)
            {
                var exact = latencies[(int)Math.Ceiling(latencies.Count * 0.95) - 1];
                Assert.InRange(latency.P95Ns, exact * 0.94, (exact * 1.06) + 1);
            }
        }
    }

    private static void CheckLatencies(TraceStore store, AllEvents all, TraceTimelineQuery query)
    {
        var latencies = store.ReadLatencies(query, Cancellation);
        Assert.InRange(latencies.Bins, 1, query.Bins + 1);
        var end = latencies.FromNs + (latencies.Bins * latencies.BinNs);
        var expected = all.Matching(query.Filter)
            .Where(one => one.LatencyNs is not null && one.TimeNs >= latencies.FromNs && one.TimeNs < end)
            .GroupBy(one => (Bin: (int)((one.TimeNs - latencies.FromNs) / latencies.BinNs), Bucket: LatencyHistogram.BucketOf(one.LatencyNs!.Value)))
            .OrderBy(group => group.Key)
            .ToList();
        Assert.Equal(expected.Select(group => (group.Key.Bin, (long)group.Count())), latencies.Cells.Select(cell => (cell.Bin, cell.Count)));
        foreach (var (group, cell) in expected.Zip(latencies.Cells))
        {
            Assert.All(group, one => Assert.InRange(one.LatencyNs!.Value, cell.LeastNs, cell.BelowNs - 1));
            Assert.InRange(cell.BelowNs, cell.LeastNs + 1, (cell.LeastNs * 9 / 8) + 1);
        }
    }

    /// <summary>Of two disks, and of both together.</summary>
    private static void CheckRequests(TraceStore store, AllEvents all, long from, long to)
    {
        const string End = "virtio_blk_req_complete";
        var ended = all.Events.Where(one => one.Type.Name == End && one.LatencyNs is not null && one.TimeNs >= from && one.TimeNs < to).ToList();
        var expected = ended.GroupBy(one => one.Values[0].Bits).Select(disk => ((long)disk.Count(), disk.Max(one => one.LatencyNs!.Value)));
        Assert.Equal(expected.Order(), store.ReadLatenciesBy(Vm, End, "vdev", from, to, Cancellation).Select(one => (one.Count, one.MaxNs)).Order());
        Assert.Equal(ended.Count, store.ReadLatenciesBy(Vm, End, argument: null, from, to, Cancellation).Sum(one => one.Count));
        Assert.Empty(store.ReadLatenciesBy(Vm, "nothing", argument: null, from, to, Cancellation));
    }

    private async Task AppendAsync(RandomTraceLog log, AllEvents all, int lines, bool finish = false)
    {
        Read(all.Add(log.Lines(lines)));
        await WriteAsync(finish);
    }

    private void Read(byte[] lines)
    {
        for (var read = 0; read < lines.Length;)
        {
            read += _intake.Read(lines.AsSpan(read), nowNs: 0, isEnd: true);
        }

        _offset += lines.Length;
    }

    private async Task WriteAsync(bool finish)
    {
        if (finish)
        {
            _intake.Finish();
        }

        var (finished, growing) = _intake.Take();
        await _ring.WriteAsync(TraceStore.WriteOf(Vm, finished, growing, new TracePosition(1, _offset, _intake.Reader.NextSequence)), Cancellation);
        await _ring.FlushAsync(Cancellation);
    }

    private async Task MaintainAsync(TraceStore store, int steps)
    {
        await _ring.WriteAsync(
            (connection, transaction) =>
            {
                for (var left = steps; left > 0 && store.Maintain(connection, transaction); left--)
                {
                }
            },
            Cancellation);
        await _ring.FlushAsync(Cancellation);
    }

    /// <summary>The same log, read by itself and kept as plain events.</summary>
    private sealed class AllEvents
    {
        private readonly TraceLogReader _reader = new(Catalogue);
        private readonly List<(TraceRows Rows, int First)> _parts = [];

        public List<TraceEvent> Events { get; } = [];

        public long FromNs => Events.Min(one => one.TimeNs);

        public long ToNs => Events.Max(one => one.TimeNs) + 1;

        public byte[] Add(byte[] lines)
        {
            for (var read = 0; read < lines.Length;)
            {
                var builder = new TraceSegmentBuilder();
                read += _reader.Read(lines.AsSpan(read), nowNs: 0, isEnd: true, builder);
                var rows = builder.Snapshot();
                _parts.Add((rows, Events.Count));
                Events.AddRange(Enumerable.Range(0, rows.Count).Select(row => TraceEvent.Of(Vm, rows, row)));
            }

            return lines;
        }

        public IEnumerable<TraceEvent> Matching(TraceFilter? filter) =>
            _parts.SelectMany(part => Enumerable.Range(0, part.Rows.Count).Where(row => filter is null || filter.Matches(part.Rows, row)).Select(row => Events[part.First + row]));

        public (long From, long To) RandomRange(Random random)
        {
            var (first, last) = (Events[random.Next(Events.Count)].TimeNs, Events[random.Next(Events.Count)].TimeNs);
            return (Math.Min(first, last), Math.Max(first, last) + random.Next(1, 100_000));
        }
    }
}
