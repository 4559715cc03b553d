using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class PreparedCommandTests : IDisposable
{
    private static readonly PreparedCommand Put = new("INSERT INTO words (word, times) VALUES (@word, @times) ON CONFLICT (word) DO UPDATE SET times = @times", "@word", "@times");
    private static readonly PreparedCommand FindTimes = new("SELECT times FROM words WHERE word = @word", "@word");
    private static readonly PreparedCommand FindAll = new("SELECT word FROM words ORDER BY word");

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_goes_on_in_the_next_transaction_and_on_another_connection()
    {
        foreach (var name in (string[])["first.db", "second.db"])
        {
            using var connection = Open(name);
            Write(connection, transaction => Put.Execute(transaction, name, 1));
            Write(connection, transaction => Put.Execute(transaction, name, 2));
            Write(connection, transaction =>
            {
                Assert.Equal(2, FindTimes.Find(transaction, name));
                Assert.Null(FindTimes.Find(transaction, "another"));
                Assert.Equal([name], FindAll.Query(transaction, row => row.GetString(0)));
            });
        }
    }

    [Fact]
    public void A_refused_one_can_be_tried_again_and_a_new_table_is_seen()
    {
        using var connection = Open("words.db");
        Assert.Throws<SqliteException>(() => Write(connection, transaction => Put.Execute(transaction, "word", "no number")));
        Write(connection, transaction => Put.Execute(transaction, "word", 3));
        connection.Execute("ALTER TABLE words ADD COLUMN more TEXT");
        Write(connection, transaction => Put.Execute(transaction, "word", 4));
        Write(connection, transaction => Assert.Equal(4, FindTimes.Find(transaction, "word")));
    }

    private static void Write(SqliteConnection connection, Action<SqliteTransaction> write)
    {
        using var transaction = connection.BeginTransaction();
        write(transaction);
        transaction.Commit();
    }

    private SqliteConnection Open(string name)
    {
        var connection = new SqliteConnection($"Data Source={_folder.File(name)};Pooling=false");
        connection.Open();
        connection.Execute("CREATE TABLE words (word TEXT PRIMARY KEY, times INTEGER NOT NULL) STRICT");
        return connection;
    }
}
