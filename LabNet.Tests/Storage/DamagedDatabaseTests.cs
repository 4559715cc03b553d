using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Tests.Storage;

/// <summary>Both databases, damaged while no LabNet ran: what is left of them is moved aside byte for byte, and told.</summary>
[Trait("suite", "unit")]
public sealed class DamagedDatabaseTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly TestFolder _folder = new();

    public enum Damage
    {
        GarbageInTheHeader,
        GarbageInAPage,
        ZeroesInAPage,
        Truncated,
        TruncatedWithinAPage,
        Empty,
        EmptyBesideALog,
        GoneBesideALog,
    }

    public static TheoryData<string, Damage> Both { get; } = [.. from kind in (string[])["lab", "ring"] from damage in Enum.GetValues<Damage>() select (kind, damage)];

    private string Path => _folder.File("some.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_damaged_file_is_moved_aside_as_it_is_and_a_new_one_begun(string kind, Damage damage)
    {
        await FillAsync(kind, asKilled: damage is Damage.EmptyBesideALog or Damage.GoneBesideALog);
        Inflict(damage, kind);
        var left = Files();

        await using var database = Open(kind, out var setAside);
        Assert.NotNull(setAside);
        Assert.StartsWith(Path + ".damaged-", setAside, StringComparison.Ordinal);
        var aside = setAside.EndsWith("-wal", StringComparison.Ordinal) ? setAside[..^4] : setAside;
        AssertThere(left, aside);
        Assert.Empty(Texts(database, kind));
        await WriteAsync(database, kind, "new");
        Assert.Equal(["new"], Texts(database, kind));
        AssertThere(left, aside);
    }

    [Theory]
    [InlineData("lab")]
    [InlineData("ring")]
    public async Task A_write_ahead_log_that_is_none_is_moved_aside_alone_and_what_was_in_the_file_is_still_there(string kind)
    {
        await FillAsync(kind, asKilled: false);
        var garbage = Enumerable.Range(0, 3 * PageBytes).Select(i => (byte)(i * 7)).ToArray();
        File.WriteAllBytes(Path + "-wal", garbage);
        string aside;
        await using (var database = Open(kind, out var setAside))
        {
            aside = Assert.IsType<string>(setAside);
            Assert.EndsWith("-wal", aside, StringComparison.Ordinal);
            Assert.Equal(Written, Texts(database, kind));
            await WriteAsync(database, kind, "new");
        }

        Assert.Equal(garbage, File.ReadAllBytes(aside));
        await using var again = Open(kind, out var nothing);
        Assert.Null(nothing);
        Assert.Equal([.. Written, "new"], Texts(again, kind));
    }

    /// <summary>As a power cut leaves it: SQLite reads up to the last whole transaction, and nothing has to be moved.</summary>
    [Theory]
    [InlineData("lab")]
    [InlineData("ring")]
    public async Task A_write_ahead_log_with_a_torn_end_is_read_as_far_as_it_goes(string kind)
    {
        await FillAsync(kind, asKilled: true);
        using (var log = File.OpenWrite(Path + "-wal"))
        {
            log.SetLength(log.Length - 100);
        }

        await using var database = Open(kind, out var setAside);
        Assert.Null(setAside);
        Assert.Equal(Written.SkipLast(1), Texts(database, kind));
    }

    [Theory]
    [InlineData("lab")]
    [InlineData("ring")]
    public async Task Whatever_stands_in_the_shared_memory_file_matters_to_nobody(string kind)
    {
        await FillAsync(kind, asKilled: true);
        File.WriteAllBytes(Path + "-shm", [.. Enumerable.Repeat((byte)0xa5, 32 * 1024)]);
        await using var database = Open(kind, out var setAside);
        Assert.Null(setAside);
        Assert.Equal(Written, Texts(database, kind));
    }

    private static IEnumerable<string> Written { get; } = [.. Enumerable.Range(0, 60).Select(number => $"{number} {new string('x', 500)}")];

    private Database Open(string kind, out string? setAside) => Database.OpenOrBeginAnew(
        Path, kind, "NORMAL", kind == "ring" ? RingWriter.ReadAtOnce : null, TimeProvider.System, out setAside);

    /// <param name="asKilled">Leaves the files as a killed LabNet does, with what was written in the log.</param>
    private async Task FillAsync(string kind, bool asKilled)
    {
        await using (var database = Open(kind, out _))
        {
            foreach (var text in Written)
            {
                await WriteAsync(database, kind, text);
            }

            if (!asKilled)
            {
                return;
            }

            foreach (var file in (string[])["", "-wal"])
            {
                File.Copy(Path + file, Path + file + ".killed");
            }
        }

        foreach (var file in (string[])["", "-wal"])
        {
            File.Move(Path + file + ".killed", Path + file, overwrite: true);
        }
    }

    private void Inflict(Damage damage, string kind)
    {
        using var file = File.Open(Path, FileMode.Open);
        switch (damage)
        {
            case Damage.GarbageInTheHeader:
                file.Write([.. Enumerable.Repeat((byte)0xa5, 100)]);
                break;
            case Damage.GarbageInAPage or Damage.ZeroesInAPage:
                file.Position = (RootPage(kind) - 1) * PageBytes;
                file.Write([.. Enumerable.Repeat((byte)(damage == Damage.GarbageInAPage ? 0xa5 : 0), PageBytes)]);
                break;
            case Damage.Truncated:
                file.SetLength(file.Length / PageBytes / 2 * PageBytes);
                break;
            case Damage.TruncatedWithinAPage:
                file.SetLength((file.Length / 2) - 100);
                break;
            case Damage.Empty or Damage.EmptyBesideALog:
                file.SetLength(0);
                break;
            case Damage.GoneBesideALog:
                File.Delete(Path);
                break;
        }
    }

    /// <summary>Of a table that is looked through at the start.</summary>
    private long RootPage(string kind)
    {
        using var reader = new SqliteConnection($"Data Source={Path};Mode=ReadOnly;Pooling=false");
        reader.Open();
        return reader.ExecuteScalar<long>("SELECT rootpage FROM sqlite_schema WHERE name = @table", new { table = kind == "ring" ? "books" : "audit" });
    }

    private Dictionary<string, byte[]> Files() => ((string[])["", "-wal"]).Where(suffix => File.Exists(Path + suffix))
        .ToDictionary(suffix => suffix, suffix => File.ReadAllBytes(Path + suffix));

    private static void AssertThere(Dictionary<string, byte[]> left, string aside) => Assert.All(left, file => Assert.Equal(file.Value, File.ReadAllBytes(aside + file.Key)));

    private static Task WriteAsync(Database database, string kind, string text) => database.WriteAsync(
        kind == "ring"
            ? "INSERT INTO events (source, seq, time_ns, kind, name, text) VALUES ('x', 1, 1, 'qmp', '', @text)"
            : "INSERT INTO audit (time_ns, actor, role, origin, action, result) VALUES (1, '', '', '', @text, '')",
        new { text },
        TestContext.Current.CancellationToken);

    private static List<string> Texts(Database database, string kind) => database.Read(
        reader => reader.Query<string>(kind == "ring" ? "SELECT text FROM events ORDER BY id" : "SELECT action FROM audit ORDER BY seq").AsList());
}
