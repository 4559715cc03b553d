using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class RingWriterTests : IAsyncLifetime
{
    private const int Hang = 60_000;

    private readonly TestFolder _folder = new();
    private RingWriter _ring = null!;

    private string RingDb => _folder.File("ring.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _ring = Open(start: true);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = Hang)]
    public async Task Everything_is_written_once_and_in_order()
    {
        for (var number = 0; number < 5000; number++)
        {
            await WriteAsync($"{number}");
        }

        await _ring.FlushAsync(Cancellation);
        Assert.Equal(Enumerable.Range(0, 5000).Select(number => $"{number}"), Texts());
        Assert.True(_ring.Health is { Writes: 5000, Batches: < 500, Problem: null }, $"{_ring.Health}");
    }

    [Fact(Timeout = Hang)]
    public async Task While_the_disk_is_full_it_says_so_and_what_waits_is_written_when_there_is_room_again()
    {
        var told = new List<string?>();
        await ReopenAsync(ring => ring.TellHealthTo(health => told.Add(health.Problem)));
        await _ring.WriteAsync((connection, transaction) => connection.Execute("PRAGMA max_page_count = 1", transaction: transaction), Cancellation);
        await _ring.FlushAsync(Cancellation);
        await WriteAsync(new string('x', 100_000));
        await WriteAsync("after");
        using var enough = new CancellationTokenSource();
        var flushing = _ring.FlushAsync(enough.Token);
        await UntilAsync(() => _ring.Health.Problem is not null);
        Assert.Contains("full", _ring.Health.Problem, StringComparison.Ordinal);
        Assert.False(flushing.IsCompleted);

        await _ring.Database.WriteAsync("PRAGMA max_page_count = 100000", new { }, Cancellation);
        await flushing;
        Assert.Equal(["x", "after"], Texts().Select(text => text.Length > 10 ? text[..1] : text));
        Assert.Equal([true, false], told.Select(problem => problem is not null));
    }

    [Fact(Timeout = Hang)]
    public async Task A_write_with_a_mistake_is_left_out_and_those_around_it_are_not()
    {
        await WriteAsync("before");
        await _ring.WriteAsync(
            (connection, transaction) =>
            {
                Insert(connection, transaction, "half");
                connection.Execute("INSERT INTO nosuch VALUES (1)", transaction: transaction);
            },
            Cancellation);
        await _ring.WriteAsync((_, _) => throw new InvalidOperationException("a fault of ours"), Cancellation);
        await WriteAsync("behind");
        await _ring.FlushAsync(Cancellation);
        Assert.Equal(["before", "behind"], Texts());
        Assert.Equal(2, _ring.Health.RefusedWrites);
    }

    [Fact(Timeout = Hang)]
    public async Task A_file_that_is_damaged_while_it_is_used_is_moved_aside_and_writing_goes_on_in_a_new_one()
    {
        await WriteAsync("lost with the file");
        await _ring.FlushAsync(Cancellation);
        using (var checkpoint = _ring.Database.OpenReader())
        {
            checkpoint.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using (var file = File.OpenWrite(RingDb))
        {
            file.Position = 4096;
            file.Write(new byte[(int)file.Length - 4096].Select(_ => (byte)0xa5).ToArray());
        }

        var damaged = File.ReadAllBytes(RingDb);
        await _ring.WriteAsync((connection, transaction) => connection.Execute("PRAGMA shrink_memory", transaction: transaction), Cancellation);
        await WriteAsync("in the new one");
        await _ring.FlushAsync(Cancellation);
        Assert.Equal(["in the new one"], Texts());
        var aside = Assert.Single(Directory.GetFiles(_folder.Path, "ring.db.damaged-*"), path => !path.EndsWith("-wal", StringComparison.Ordinal) && !path.EndsWith("-shm", StringComparison.Ordinal));
        Assert.Equal(aside, _ring.Health.SetAside);
        Assert.Equal(damaged, File.ReadAllBytes(aside));
    }

    [Fact(Timeout = Hang)]
    public async Task A_file_that_is_found_damaged_at_the_start_is_moved_aside_as_it_is()
    {
        await _ring.DisposeAsync();
        File.WriteAllText(RingDb, "This is no database, but a letter to my mother, and it is longer than the header of a database file: 100 bytes.");
        var letter = File.ReadAllBytes(RingDb);
        _ring = Open(start: true);
        Assert.NotNull(_ring.Health.SetAside);
        Assert.Equal(letter, File.ReadAllBytes(_ring.Health.SetAside));
        await WriteAsync("new");
        await _ring.FlushAsync(Cancellation);
        Assert.Equal(["new"], Texts());
    }

    [Fact(Timeout = Hang)]
    public async Task It_says_how_the_one_before_ended()
    {
        Assert.Null(_ring.Before);
        await WriteAsync("x");
        await ReopenAsync();
        Assert.True(_ring.Before is { Closed: true });

        // As a killed one would leave it: written, not closed.
        await WriteAsync("y");
        await _ring.FlushAsync(Cancellation);
        var killed = Directory.CreateDirectory(_folder.File("killed")).FullName;
        foreach (var file in Directory.GetFiles(_folder.Path, "ring.db*"))
        {
            File.Copy(file, Path.Join(killed, Path.GetFileName(file)));
        }

        await using var after = new RingWriter(
            Database.Open(Path.Join(killed, "ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        Assert.True(after.Before is { Closed: false });
    }

    [Fact(Timeout = Hang)]
    public async Task Tidying_up_goes_on_at_once_while_there_is_more_to_do()
    {
        var steps = 0;
        var done = new TaskCompletionSource();
        await ReopenAsync(ring => ring.AddMaintenance((_, _) =>
        {
            if (++steps == 40)
            {
                done.SetResult();
            }

            return steps < 40;
        }));
        await done.Task;
    }

    private static void Insert(SqliteConnection connection, SqliteTransaction transaction, string text) => connection.Execute(
        "INSERT INTO events (source, seq, time_ns, kind, name, text) VALUES ('x', 1, 1, 'qmp', '', @text)", new { text }, transaction);

    /// <summary>What has no signal of its own is looked at again after the writer had its turn.</summary>
    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private ValueTask WriteAsync(string text) => _ring.WriteAsync((connection, transaction) => Insert(connection, transaction, text), Cancellation);

    private List<string> Texts()
    {
        using var reader = _ring.Database.OpenReader();
        return [.. reader.Query<string>("SELECT text FROM events ORDER BY id")];
    }

    private async Task ReopenAsync(Action<RingWriter>? prepare = null)
    {
        await _ring.DisposeAsync();
        _ring = Open(start: false);
        prepare?.Invoke(_ring);
        _ring.Start();
    }

    private RingWriter Open(bool start)
    {
        var database = Database.OpenOrBeginAnew(RingDb, "ring", "NORMAL", RingWriter.ReadAtOnce, TimeProvider.System, out var setAside);
        var ring = new RingWriter(database, setAside, TimeProvider.System, NullLogger<RingWriter>.Instance);
        if (start)
        {
            ring.Start();
        }

        return ring;
    }
}
