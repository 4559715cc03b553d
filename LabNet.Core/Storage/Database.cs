using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

/// <summary>Thrown when a database cannot be opened as it is; nothing in it was changed.</summary>
public sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// An SQLite file in WAL mode with one writer. Reads open their own connection and never wait for the writer.
/// </summary>
/// <remarks>
/// Thread-safe. Writes run one after the other, each in a transaction, off the caller's thread (Microsoft.Data.Sqlite's own
/// asynchronous methods block).
/// </remarks>
public sealed class Database : IAsyncDisposable
{
    private const int BusyTimeoutSeconds = 5;

    private readonly string _connectionString;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private Database(string connectionString, SqliteConnection writer)
    {
        _connectionString = connectionString;
        _writer = writer;
    }

    /// <summary>Opens or makes the file (mode 0600) and brings it to the newest version by the SQL files of <paramref name="migrations"/>.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="migrations">The folder below Migrations, such as <c>lab</c>: files <c>0001-name.sql</c>, run in order, each in a transaction.</param>
    /// <param name="synchronous">FULL for what must last, NORMAL for what may lose its last batch.</param>
    /// <exception cref="DatabaseException">The file is no database, is of a newer LabNet, or a migration fails.</exception>
    public static Database Open(string path, string migrations, string synchronous)
    {
        if (!File.Exists(path))
        {
            File.Open(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }

        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusyTimeoutSeconds }.ToString();
        var writer = new SqliteConnection(connectionString);
        try
        {
            writer.Open();
            writer.Execute($"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;");
            Migrate(writer, path, Migration.ReadAll(migrations));
            return new Database(connectionString, writer);
        }
        catch (SqliteException e)
        {
            writer.Dispose();
            throw new DatabaseException($"{path} cannot be opened as a database: {e.Message}", e);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>A connection of the caller's own; dispose it soon, an open read keeps the WAL from being cut.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> write, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () =>
                {
                    using var transaction = _writer.BeginTransaction();
                    var result = write(_writer, transaction);
                    transaction.Commit();
                    return result;
                },
                CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task WriteAsync(string sql, object parameters, CancellationToken cancellationToken) =>
        WriteAsync((connection, transaction) => connection.Execute(sql, parameters, transaction), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        await _writer.DisposeAsync();
        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
        _writing.Dispose();
    }

    private static void Migrate(SqliteConnection connection, string path, IReadOnlyList<Migration> migrations)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version > migrations.Count)
        {
            throw new DatabaseException($"{path} was written by a newer LabNet (version {version}, known here: {migrations.Count}). Start that one.");
        }

        foreach (var migration in migrations.Skip(version))
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute($"PRAGMA user_version = {migration.Version}", transaction: transaction);
            transaction.Commit();
        }
    }

    private sealed record Migration(int Version, string Sql)
    {
        public static IReadOnlyList<Migration> ReadAll(string folder)
        {
            var assembly = Assembly.GetExecutingAssembly();
            var prefix = $"LabNet.Core.Storage.Migrations.{folder}.";
            return [.. assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select((name, index) => new Migration(index + 1, ReadText(assembly, name)))];
        }

        private static string ReadText(Assembly assembly, string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }
    }
}
