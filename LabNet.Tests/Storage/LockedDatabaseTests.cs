using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Storage;
using LabNet.Tests.History;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Storage;

/// <summary>Another process holds a database locked for longer than SQLite waits, which is 5 s.</summary>
[Trait("suite", "fake")]
public sealed class LockedDatabaseTests : IDisposable
{
    private const int Hang = 60_000;

    /// <summary>Of the queue and of the batch that is being tried.</summary>
    private const int Accepted = 64;

    private readonly TestFolder _folder = new();

    private string RingDb => _folder.File("ring.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Hang)]
    public async Task The_ring_takes_what_its_queue_holds_says_why_it_waits_and_then_writes_all_of_it_once_and_in_order()
    {
        var database = Database.Open(RingDb, "ring", "NORMAL");
        await using var ring = new RingWriter(database, setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        var told = new TaskCompletionSource<RingWriterHealth>(TaskCreationOptions.RunContinuationsAsynchronously);
        ring.TellHealthTo(health => told.TrySetResult(health));
        ring.Start();
        await WriteAsync(ring, 0);
        await ring.FlushAsync(Cancellation);
        await using var holder = await LockHolder.StartAsync(RingDb, Cancellation);

        await WriteAsync(ring, 1);
        Assert.StartsWith("another process holds it locked", (await told.Task).Problem, StringComparison.Ordinal);
        Assert.NotNull(ring.Health.ProblemSince);
        var written = 1;
        ValueTask waiting;
        do
        {
            waiting = WriteAsync(ring, ++written);
        }
        while (waiting.IsCompleted);

        Assert.InRange(written, Accepted, 2 * Accepted);
        Assert.Equal([0L], Numbers(ring));

        await holder.LetGoAsync();
        await waiting;
        await ring.FlushAsync(Cancellation);
        Assert.Equal(Enumerable.Range(0, written + 1).Select(number => (long)number), Numbers(ring));
        Assert.True(ring.Health is { Problem: null, ProblemSince: null, RefusedWrites: 0 }, $"{ring.Health}");
    }

    [Fact(Timeout = Hang)]
    public async Task Events_of_that_time_are_all_in_the_history_which_tells_the_trouble_too()
    {
        const int Told = 5000;
        await using var history = new RecordedHistory(_folder.Path, TimeProvider.System);
        history.Open();
        await history.ReadAsync();
        using var storage = history.Feed.Subscribe(record => record.Item is StorageChanged);
        await using var changes = storage.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await using var holder = await LockHolder.StartAsync(RingDb, Cancellation);
        var box = new FeedSource("box");
        for (var number = 0; number < Told; number++)
        {
            history.Feed.Publish(box, new EventTold(new EventNote(EventKind.Qmp, "told", $"{number}")));
        }

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("not-writable", ((EventItem)changes.Current.Item).Note!.Name);
        await holder.LetGoAsync();
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("writable", ((EventItem)changes.Current.Item).Note!.Name);

        IReadOnlyList<LabEvent> events;
        do
        {
            events = await history.ReadAsync();
        }
        while (events[^1].Name != "writable");

        Assert.Equal(Enumerable.Range(0, Told).Select(number => $"{number}"), events.Where(e => e.Source == box).Select(e => e.Text));
        Assert.Equal(["labnet-began", "not-writable", "writable"], events.Where(e => e.Source == FeedSource.Lab).Select(e => e.Name));
    }

    [Fact(Timeout = Hang)]
    public async Task Whoever_writes_lab_db_is_told_so_while_it_lasts_however_many_there_are_and_reading_goes_on()
    {
        var path = _folder.File("lab.db");
        await using var database = Database.Open(path, "lab", "FULL");
        await using var holder = await LockHolder.StartAsync(path, Cancellation);
        var writing = Enumerable.Range(0, 20).Select(_ => InsertAsync(database)).ToList();
        Assert.Equal(0, database.ReadExtent("SELECT count(*), min(time_ns) FROM audit").Rows);
        foreach (var one in writing)
        {
            // All of them while the lock is held: none waits until those before him have given up one after the other.
            var told = await Assert.ThrowsAsync<DatabaseException>(() => one);
            Assert.False(told.IsCorrupt);
            Assert.Contains("another process holds", told.Message, StringComparison.Ordinal);
            Assert.StartsWith("lab.db cannot be", told.Message, StringComparison.Ordinal);
        }

        await holder.LetGoAsync();
        await InsertAsync(database);
        Assert.Equal(1, database.ReadExtent("SELECT count(*), min(time_ns) FROM audit").Rows);
    }

    private static Task InsertAsync(Database database) => database.WriteAsync(
        "INSERT INTO audit (time_ns, actor, role, origin, action, result) VALUES (1, '', '', '', '', '')", new { }, Cancellation);

    private static ValueTask WriteAsync(RingWriter ring, int number) => ring.WriteAsync(
        (connection, transaction) => connection.Execute(
            "INSERT INTO events (source, seq, time_ns, kind, name, text) VALUES ('x', @number, 1, 'qmp', '', '')", new { number }, transaction),
        Cancellation);

    private static List<long> Numbers(RingWriter ring) => ring.Read(static reader => reader.Query<long>("SELECT seq FROM events ORDER BY id").AsList());
}
