using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Storage;

namespace LabNet.Tests.History;

[Trait("suite", "unit")]
public sealed class EventRecorderTests : IDisposable
{
    private const int Hang = 60_000;

    private static readonly FeedSource Box = new("box");

    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Hang)]
    public async Task An_event_is_kept_with_its_own_time_its_number_and_its_sentence()
    {
        await using var history = Open();
        history.Feed.Publish(Box, new Silent());
        history.Feed.Publish(Box, new EventTold(new EventNote(EventKind.Qmp, "STOP", "The vCPUs stopped.", TimeNs: 1234, """{"a":1}""")));
        var kept = Assert.Single(await history.ReadAsync(), e => e.Source == Box);
        Assert.Equal((2L, 1234L, "qmp", "STOP", "The vCPUs stopped.", """{"a":1}"""), (kept.Sequence, kept.TimeNs, kept.Kind, kept.Name, kept.Text, kept.Data));
    }

    [Fact(Timeout = Hang)]
    public async Task Numbers_go_on_where_they_were_and_the_time_between_is_told_as_a_gap()
    {
        await using (var first = Open())
        {
            Tell(first, "one");
            Tell(first, "two");
        }

        await using var second = Open();
        Tell(second, "three");
        var events = await second.ReadAsync();
        Assert.Equal([1L, 2L, 3L], events.Where(e => e.Source == Box).Select(e => e.Sequence));
        Assert.Single(events, e => e is { Kind: EventKind.Gap, Name: "labnet-down" });
        Assert.Equal(events.Count, events.Where(e => e.Source == FeedSource.Lab).Select(e => e.Sequence).Distinct().Count() + 3);
    }

    [Fact(Timeout = Hang)]
    public async Task After_a_kill_no_number_comes_twice_and_the_gap_says_so()
    {
        var killed = _folder.File("killed");
        await using (var first = Open())
        {
            Tell(first, "one");
            await first.ReadAsync();
            Copy(killed);
            Tell(first, "told, but not in the copy");
        }

        await using var second = new RecordedHistory(killed, TimeProvider.System);
        second.Open();
        Tell(second, "two");
        var events = await second.ReadAsync();
        var numbers = events.Where(e => e.Source == Box).Select(e => e.Sequence).ToList();
        Assert.Equal(1, numbers[0]);
        Assert.True(numbers[1] > 2);
        Assert.Single(events, e => e is { Kind: EventKind.Gap, Name: "labnet-killed" });
    }

    [Fact(Timeout = Hang)]
    public async Task Faster_than_the_disk_takes_it_is_a_gap_that_is_kept_and_no_stall()
    {
        await using var history = Open();
        await history.ReadAsync();
        await history.Ring.WriteAsync((connection, transaction) => connection.Execute("PRAGMA max_page_count = 1", transaction: transaction), Cancellation);
        await history.Ring.FlushAsync(Cancellation);
        var big = new string('x', 1000);
        const int Told = 150_000;
        for (var number = 0; number < Told; number++)
        {
            Tell(history, big);
        }

        await history.Ring.Database.WriteAsync("PRAGMA max_page_count = 1000000", new { }, Cancellation);
        IReadOnlyList<LabEvent> events;
        var ends = 0;
        do
        {
            // The first ones may still come too early.
            Tell(history, "the end");
            ends++;
            events = await history.ReadAsync(new EventQuery(int.MaxValue, Source: Box));
        }
        while (events[^1].Text != "the end");

        var missing = events.Where(e => e is { Kind: EventKind.Gap, Name: "not-written" }).Sum(gap => long.Parse(gap.Text.Split(' ')[0]));
        Assert.True(missing > 0);
        Assert.Equal(Told + ends, events.Count(e => e.Name == "told") + missing);
        Assert.Equal(events.Select(e => e.Sequence).Order(), events.Select(e => e.Sequence));
    }

    [Fact(Timeout = Hang)]
    public async Task A_clock_that_is_set_is_told()
    {
        var time = new JumpingTime();
        await using var history = new RecordedHistory(_folder.Path, time);
        history.Open();
        using var watching = history.Feed.Subscribe(record => record.Item is EventTold { Told.Kind: EventKind.Clock });
        time.Jump = TimeSpan.FromHours(-2);
        await using var told = watching.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await told.MoveNextAsync());
        Assert.StartsWith("The host's clock was set back by 7200", ((EventTold)told.Current.Item).Told.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Hang)]
    public async Task Pages_join_without_loss_or_repetition_while_new_events_arrive()
    {
        await using var history = Open();
        for (var number = 0; number < 250; number++)
        {
            // Ten share a time each.
            Tell(history, $"{number}", timeNs: 1000 + (number / 10));
        }

        await history.ReadAsync();
        var seen = new List<string>();
        PageCursor? after = null;
        while (true)
        {
            var page = history.Store.Read(new EventQuery(7, after, Box));
            if (page.Count == 0)
            {
                break;
            }

            seen.AddRange(page.Select(e => e.Text));
            after = page[^1].Cursor;
            Tell(history, "new", timeNs: 5000);
            await history.ReadAsync();
        }

        Assert.Equal(Enumerable.Range(0, 250).Reverse().Select(number => $"{number}"), seen);
    }

    [Fact(Timeout = Hang)]
    public async Task Events_are_found_by_kind_time_and_text_and_what_is_looked_for_is_no_pattern()
    {
        await using var history = Open();
        Tell(history, "100% of nothing", timeNs: 10);
        Tell(history, "100 of nothing", timeNs: 20);
        history.Feed.Publish(Box, new EventTold(new EventNote(EventKind.Job, "job", "Job_1", TimeNs: 30)));
        await history.ReadAsync();
        Assert.Equal(["100% of nothing"], Found(new EventQuery(10, Source: Box, Text: "0%")));
        Assert.Equal(["Job_1"], Found(new EventQuery(10, Source: Box, Text: "b_1")));
        Assert.Equal([], Found(new EventQuery(10, Source: Box, Text: "b.1")));
        Assert.Equal(["Job_1"], Found(new EventQuery(10, Source: Box, Kinds: [EventKind.Job])));
        Assert.Equal(["100 of nothing"], Found(new EventQuery(10, Source: Box, FromNs: 11, ToNs: 30)));

        IEnumerable<string> Found(EventQuery query) => history.Store.Read(query).Select(e => e.Text);
    }

    /// <summary>The writer tidies up by one step behind each batch, whatever the load.</summary>
    [Fact(Timeout = Hang)]
    public async Task A_step_of_tidying_up_makes_room_for_all_that_the_largest_batch_brings()
    {
        const int Budget = 1_000_000;
        const int LargestBatch = 64 * 256;
        await using var history = new RecordedHistory(_folder.Path, TimeProvider.System);
        var store = new EventStore(history.Ring, Budget);
        history.Ring.Start();
        for (var round = 0; round < 3; round++)
        {
            LabEvent[] batch = [.. Enumerable.Range(0, LargestBatch).Select(number => new LabEvent(0, Box, number + 1, number + (round * LargestBatch), EventKind.Qmp, "", $"{round}", null))];
            await history.Ring.WriteAsync((connection, transaction) => EventStore.Append(connection, transaction, batch), Cancellation);
            await history.Ring.WriteAsync((connection, transaction) => store.Trim(connection, transaction), Cancellation);
            await history.Ring.FlushAsync(Cancellation);
            Assert.InRange(store.ReadBytes(), 1, Budget);
            Assert.Equal((LargestBatch, $"{round}"), (store.Read(new EventQuery(1))[0].Sequence, store.Read(new EventQuery(1))[0].Text));
        }
    }

    private static void Tell(RecordedHistory history, string text, long? timeNs = null) =>
        history.Feed.Publish(Box, new EventTold(new EventNote(EventKind.Qmp, "told", text, timeNs)));

    private RecordedHistory Open()
    {
        var history = new RecordedHistory(_folder.Path, TimeProvider.System);
        history.Open();
        return history;
    }

    private void Copy(string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(_folder.Path, "ring.db*"))
        {
            File.Copy(file, Path.Join(to, Path.GetFileName(file)));
        }
    }

    private sealed record Silent : EventItem
    {
        public override EventNote? Note => null;
    }

    /// <summary>The wall clock is set; the steady one is not.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        public TimeSpan Jump { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Jump;
    }
}
