using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Tests.History;
using Microsoft.Data.Sqlite;

namespace LabNet.Tests.Storage;

/// <summary>ring.db turns out to be damaged while LabNet uses it.</summary>
[Trait("suite", "unit")]
public sealed class RingDamageTests : IAsyncLifetime
{
    private const int Hang = 60_000;
    private const int PageBytes = 4096;

    private static readonly FeedSource Box = new("box");

    private readonly TestFolder _folder = new();
    private RecordedHistory _history = null!;

    private string RingDb => _folder.File("ring.db");

    private RingWriter Ring => _history.Ring;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _history = new RecordedHistory(_folder.Path, TimeProvider.System);
        _history.Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _history.DisposeAsync();
        _folder.Dispose();
    }

    [Theory(Timeout = Hang)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_meets_the_damage_tells_it_and_file_and_log_are_moved_aside_as_they_are(bool isInUse)
    {
        await FillAsync();
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);
        var open = isInUse ? Ring.Database.OpenReader() : null;
        using var inUse = open?.ExecuteReader("SELECT text FROM events");
        Assert.Equal(isInUse, inUse?.Read() ?? false);
        Tell("in the log");
        await _history.ReadAsync(new EventQuery(1));
        Overwrite(PagesOf("events"));
        var (file, log) = (File.ReadAllBytes(RingDb), File.ReadAllBytes(RingDb + "-wal"));
        Assert.NotEmpty(log);

        Assert.True(Assert.Throws<DatabaseException>(() => _history.Store.Read(new EventQuery(int.MaxValue))).IsCorrupt);
        await NextAsync(told, "damaged");
        var aside = Assert.IsType<string>(Ring.Health.SetAside);
        Assert.Equal(file, File.ReadAllBytes(aside));
        Assert.Equal(log, File.ReadAllBytes(aside + "-wal"));

        // Whoever still had the old one open must not take the new one's log with him.
        Tell("in the new one");
        Assert.Equal("in the new one", (await _history.ReadAsync())[^1].Text);
        inUse?.Dispose();
        open?.Dispose();
        Assert.True(File.Exists(RingDb + "-wal"));
        Assert.Equal(file, File.ReadAllBytes(aside));
        await ReopenAsync();
        var events = await _history.ReadAsync();
        Assert.Contains(events, e => e.Text == "in the new one");
        Assert.Single(events, e => e is { Kind: EventKind.Storage, Name: "damaged" });
    }

    [Fact(Timeout = Hang)]
    public async Task Numbers_go_on_in_the_new_file()
    {
        await FillAsync();
        var last = (await _history.ReadAsync(new EventQuery(1, Source: Box)))[0].Sequence;
        await MeetDamageAsync();
        Tell("in the new one");
        Assert.Equal(last + 1, (await _history.ReadAsync(new EventQuery(1, Source: Box)))[0].Sequence);
        await ReopenAsync();
        Tell("after it");
        Assert.Equal(last + 2, (await _history.ReadAsync(new EventQuery(1, Source: Box)))[0].Sequence);
    }

    [Fact(Timeout = Hang)]
    public async Task Damage_that_only_tidying_up_meets_is_damage_too()
    {
        await _history.DisposeAsync();
        _history = new RecordedHistory(_folder.Path, TimeProvider.System);
        Ring.AddMaintenance((_, _) => Ring.Health.SetAside is null ? throw new SqliteException("damaged", 11) : false);
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);
        _history.Open();
        await NextAsync(told, "damaged");
        Tell("in the new one");
        Assert.Equal("in the new one", (await _history.ReadAsync())[^1].Text);
    }

    [Fact(Timeout = Hang)]
    public async Task When_no_new_file_can_be_made_at_once_it_is_tried_again_until_it_can()
    {
        await FillAsync();
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);

        // In its place SQLite wants to make a file.
        Directory.CreateDirectory(RingDb + "-journal");
        await Ring.WriteAsync(DamagedOnce(), Cancellation);
        await NextAsync(told, "damaged");
        await NextAsync(told, "not-writable");
        Tell("meanwhile");
        Directory.Delete(RingDb + "-journal");
        await NextAsync(told, "writable");
        Assert.Contains(await _history.ReadAsync(), e => e.Text == "meanwhile");
    }

    [Fact(Timeout = Hang)]
    public async Task Damage_is_told_once_and_another_trouble_after_it_as_what_it_is()
    {
        await MeetDamageAsync();
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);
        await Ring.WriteAsync((connection, transaction) => connection.Execute("PRAGMA max_page_count = 1", transaction: transaction), Cancellation);
        await Ring.FlushAsync(Cancellation);
        Tell(new string('x', 100_000));
        await NextAsync(told, "not-writable");
        await Ring.Database.WriteAsync("PRAGMA max_page_count = 100000", new { }, Cancellation);
        await NextAsync(told, "writable");
    }

    [Fact(Timeout = Hang)]
    public async Task A_segment_of_metrics_that_makes_no_sense_is_damage_to_its_reader_and_to_tidying_up()
    {
        var store = new MetricStore(Ring, TimeProvider.System);
        await Ring.Database.WriteAsync(
            """
            INSERT INTO metric_vms (id, name) VALUES (1, 'box');
            INSERT INTO metric_segments (vm, level, start_ns, end_ns, rolled, data) VALUES (1, 1, 0, 600000000000, 0, x'a5a5a5');
            """,
            new { },
            Cancellation);
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);
        Assert.True((await Assert.ThrowsAsync<DatabaseException>(() => Ring.Database.WriteAsync(store.Maintain, Cancellation))).IsCorrupt);
        Assert.True(Assert.Throws<DatabaseException>(() => store.Read(new MetricQuery("box", null, 0, 1000, 10))).IsCorrupt);
        await NextAsync(told, "damaged");
        Assert.Empty(store.Read(new MetricQuery("box", null, 0, 1000, 10)));
    }

    private void Tell(string text) => _history.Feed.Publish(Box, new EventTold(new EventNote(EventKind.Qmp, "told", text)));

    /// <summary>Some hundred pages of events, all of them in the file and none in the log.</summary>
    private async Task FillAsync()
    {
        for (var number = 0; number < 500; number++)
        {
            Tell($"{number} {new string('x', 1000)}");
        }

        await _history.ReadAsync();
        using var checkpoint = Ring.Database.OpenReader();
        checkpoint.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private async Task MeetDamageAsync()
    {
        using var told = _history.Feed.Subscribe(record => record.Item is StorageChanged);
        await Ring.WriteAsync(DamagedOnce(), Cancellation);
        await NextAsync(told, "damaged");
    }

    /// <summary>As a write that SQLite answers so.</summary>
    private RingWrite DamagedOnce() => (_, _) =>
    {
        if (Ring.Health.SetAside is null)
        {
            throw new SqliteException("damaged", 11);
        }
    };

    private List<long> PagesOf(string table)
    {
        using var reader = Ring.Database.OpenReader();
        var root = reader.ExecuteScalar<long>("SELECT rootpage FROM sqlite_schema WHERE name = @table", new { table });
        var all = reader.ExecuteScalar<long>("PRAGMA page_count");
        return [.. Enumerable.Range((int)root + 30, (int)(all - root - 30)).Select(page => (long)page)];
    }

    private void Overwrite(List<long> pages)
    {
        using var file = File.OpenWrite(RingDb);
        foreach (var page in pages)
        {
            file.Position = (page - 1) * PageBytes;
            file.Write([.. Enumerable.Repeat((byte)0xa5, PageBytes)]);
        }
    }

    private static async Task NextAsync(FeedSubscription subscription, string name)
    {
        await foreach (var record in subscription.ReadAllAsync(Cancellation))
        {
            Assert.Equal(name, ((EventItem)record.Item).Note!.Name);
            return;
        }
    }

    private async Task ReopenAsync()
    {
        await _history.DisposeAsync();
        await InitializeAsync();
    }
}
