using System.Diagnostics;
using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class DatabaseTests : IDisposable
{
    private const int Hang = 60_000;

    private readonly TestFolder _folder = new();

    private string LabDb => _folder.File("lab.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_file_is_its_users_alone_and_has_all_tables()
    {
        await using var database = Open();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(LabDb));
        Assert.Equal(
            [
                "audit", "captures", "chaos_journal", "chaos_runs", "fault_plans", "faults", "incidents", "io_benchmark_repeats", "io_benchmarks", "operations", "recovery",
                "snapshot_machines", "snapshot_trees", "tokens", "traffic_runs",
            ],
            Tables(database));
        using var reader = database.OpenReader();
        Assert.Equal("wal", reader.ExecuteScalar<string>("PRAGMA journal_mode"));
        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Opening_again_keeps_what_is_there()
    {
        await using (var database = Open())
        {
            await InsertAsync(database, "first");
        }

        await using var again = Open();
        Assert.Equal(["first"], Actions(again));
    }

    [Fact]
    public void A_database_of_a_newer_LabNet_is_refused_and_left_as_it_is()
    {
        using (var newer = new SqliteConnection($"Data Source={LabDb};Pooling=false"))
        {
            newer.Open();
            newer.Execute("CREATE TABLE tokens (of_the_future TEXT); PRAGMA user_version = 1000");
        }

        AssertRefusedUntouched("newer");
    }

    [Theory]
    [InlineData("This is no database, but a letter to my mother, and it is longer than the header of a database file: 100 bytes.")]
    [InlineData("short")]
    [InlineData("SQLite format 3\0 and then nothing that makes any sense at all, for more than a hundred bytes, so that SQLite looks at it.")]
    public void A_file_that_is_no_database_is_refused_and_left_as_it_is(string content)
    {
        File.WriteAllText(LabDb, content);
        AssertRefusedUntouched("");
    }

    [Fact]
    public void A_migration_that_fails_leaves_the_database_as_it_was()
    {
        using (var other = new SqliteConnection($"Data Source={LabDb};Pooling=false"))
        {
            other.Open();
            other.Execute("CREATE TABLE audit (of_another_program TEXT)");
        }

        Assert.Throws<DatabaseException>(Open);
        using var left = new SqliteConnection($"Data Source={LabDb};Pooling=false");
        left.Open();
        Assert.Equal(["audit"], left.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table'"));
        Assert.Equal(0, left.ExecuteScalar<int>("PRAGMA user_version"));
    }

    [Fact(Timeout = Hang)]
    public async Task Many_that_open_a_new_database_at_once_all_get_it()
    {
        for (var round = 0; round < 5; round++)
        {
            var path = _folder.File($"at-once-{round}.db");
            var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Database.Open(path, "lab", "NORMAL"), Cancellation)));
            foreach (var database in databases)
            {
                await InsertAsync(database, "x");
            }

            Assert.Equal(6, Actions(databases[0]).Count);
            foreach (var database in databases)
            {
                await database.DisposeAsync();
            }
        }
    }

    [Fact(Timeout = Hang)]
    public async Task Another_process_that_writes_is_waited_for_and_reading_goes_on_meanwhile()
    {
        const string Sqlite = "/usr/bin/sqlite3";
        Assert.SkipUnless(File.Exists(Sqlite), $"{Sqlite} is missing.");
        await using var database = Open();
        await InsertAsync(database, "before");
        using var other = Process.Start(new ProcessStartInfo(Sqlite, [LabDb]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await other.StandardInput.WriteLineAsync(
            "BEGIN IMMEDIATE; INSERT INTO audit (time_ns, actor, role, origin, action, result) VALUES (1, '', '', '', 'theirs', ''); SELECT 'begun';");
        await other.StandardInput.FlushAsync(Cancellation);
        Assert.Equal("begun", await other.StandardOutput.ReadLineAsync(Cancellation));

        var writing = InsertAsync(database, "ours");
        Assert.Equal(["before"], Actions(database));
        Assert.False(writing.IsCompleted);
        await other.StandardInput.WriteLineAsync("COMMIT;");
        other.StandardInput.Close();
        await writing;
        await other.WaitForExitAsync(Cancellation);
        Assert.Equal(["before", "theirs", "ours"], Actions(database));
    }

    [Fact(Timeout = Hang)]
    public async Task Writes_run_in_the_order_of_their_asking_each_alone()
    {
        await using var database = Open();
        var inside = 0;
        var writing = Enumerable.Range(0, 500).Select(number => database.WriteAsync(
            (connection, transaction) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                Insert(connection, transaction, $"{number}");
                return Interlocked.Decrement(ref inside);
            },
            Cancellation)).ToList();
        await Task.WhenAll(writing);
        Assert.Equal(Enumerable.Range(0, 500).Select(number => $"{number}"), Actions(database));
    }

    [Fact(Timeout = Hang)]
    public async Task A_write_that_fails_leaves_nothing_and_the_next_one_goes_on()
    {
        await using var database = Open();
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<int>(
            (connection, transaction) =>
            {
                Insert(connection, transaction, "half");
                throw new InvalidOperationException("in the middle");
            },
            Cancellation));
        await Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync("INSERT INTO nosuch VALUES (1)", new { }, Cancellation));
        await InsertAsync(database, "whole");
        Assert.Equal(["whole"], Actions(database));
    }

    [Fact(Timeout = Hang)]
    public async Task Whoever_waits_for_a_write_can_give_up_and_nobody_waits_for_ever_on_a_closed_database()
    {
        var database = Open();
        using var release = new ManualResetEventSlim();
        var blocking = database.WriteAsync(
            (_, _) =>
            {
                release.Wait(Cancellation);
                return 0;
            },
            Cancellation);
        using var cancellation = new CancellationTokenSource();
        var given = database.WriteAsync("DELETE FROM audit", new { }, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);

        var before = InsertAsync(database, "before");
        var closing = database.DisposeAsync();
        var after = InsertAsync(database, "after");
        release.Set();
        await blocking;
        await before;
        await closing;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => after);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => InsertAsync(database, "later"));
        await database.DisposeAsync();
        Assert.Empty(OpenFiles());
        await using var again = Open();
        Assert.Equal(["before"], Actions(again));
    }

    private Database Open() => Database.Open(LabDb, "lab", "FULL");

    private void AssertRefusedUntouched(string saying)
    {
        var before = File.ReadAllBytes(LabDb);
        Assert.Contains(saying, Assert.Throws<DatabaseException>(Open).Message, StringComparison.Ordinal);
        Assert.Empty(OpenFiles());
        Assert.Equal(before, File.ReadAllBytes(LabDb));
        Assert.Equal([LabDb], Directory.GetFiles(_folder.Path));
    }

    private IEnumerable<string> OpenFiles() => Directory.GetFiles("/proc/self/fd")
        .Select(fd => new FileInfo(fd).LinkTarget ?? "").Where(target => target.StartsWith(_folder.Path, StringComparison.Ordinal));

    private static Task<int> InsertAsync(Database database, string action) => database.WriteAsync(
        (connection, transaction) => Insert(connection, transaction, action), Cancellation);

    private static int Insert(SqliteConnection connection, SqliteTransaction transaction, string action) => connection.Execute(
        "INSERT INTO audit (time_ns, actor, role, origin, action, result) VALUES (1, '', '', '', @action, '')", new { action }, transaction);

    private static List<string> Actions(Database database)
    {
        using var reader = database.OpenReader();
        return [.. reader.Query<string>("SELECT action FROM audit ORDER BY seq")];
    }

    private static List<string> Tables(Database database)
    {
        using var reader = database.OpenReader();
        return [.. reader.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")];
    }
}
