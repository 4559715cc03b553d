using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

/// <summary>Thrown when a database cannot be opened as it is; nothing in it was changed.</summary>
public sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the file itself is damaged, or is no database at all.</summary>
    public bool IsCorrupt => InnerException is SqliteException damage && Database.IsCorrupt(damage);
}

/// <param name="WalBytes">The write-ahead log beside it.</param>
/// <param name="Version">The number of migrations that it has been through.</param>
public sealed record DatabaseSize(long FileBytes, long WalBytes, int Version);

/// <param name="OldestNs">UTC nanoseconds since 1970; null without rows.</param>
public sealed record StoredRows(long Rows, long? OldestNs);

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

    private readonly string _path;
    private readonly string _connectionString;
    private readonly Func<SqliteConnection> _openWriter;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private SqliteConnection _writer;
    private bool _closed;

    private Database(string path, string connectionString, Func<SqliteConnection> openWriter)
    {
        _path = path;
        _connectionString = connectionString;
        _openWriter = openWriter;
        _writer = openWriter();
    }

    /// <summary>Opens or makes the file (mode 0600) and brings it to the newest version by the SQL files of <paramref name="migrations"/>.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="migrations">The folder below Migrations, such as <c>lab</c>: files <c>0001-name.sql</c>, run in order, each in a transaction.</param>
    /// <param name="synchronous">FULL for what must last, NORMAL for what may lose its last batch.</param>
    /// <exception cref="DatabaseException">The file is no database, is of a newer LabNet, or a migration fails.</exception>
    public static Database Open(string path, string migrations, string synchronous)
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusyTimeoutSeconds }.ToString();
        return new Database(path, connectionString, () => OpenWriter(path, connectionString, Migration.ReadAll(migrations), synchronous));
    }

    /// <summary>As <see cref="Open"/>, but a damaged file is moved aside, as it is, and a new one begun.</summary>
    /// <param name="setAside">Where the damaged file is now; null if there was none.</param>
    /// <inheritdoc cref="Open"/>
    public static Database OpenOrBeginAnew(string path, string migrations, string synchronous, TimeProvider time, out string? setAside)
    {
        try
        {
            setAside = null;
            return Open(path, migrations, synchronous);
        }
        catch (DatabaseException e) when (e.IsCorrupt)
        {
            setAside = DamagedFile.SetAside(path, time.GetUtcNow());
            return Open(path, migrations, synchronous);
        }
    }

    /// <summary>SQLITE_CORRUPT and SQLITE_NOTADB of sqlite3.h.</summary>
    public static bool IsCorrupt(SqliteException e) => e.SqliteErrorCode is 11 or 26;

    /// <summary>For a file that turns out to be damaged while it is in use: moves it aside, as it is, and begins a new one.</summary>
    /// <returns>Where the damaged file is now.</returns>
    /// <exception cref="DatabaseException">No new one can be begun.</exception>
    public async Task<string> BeginAnewAsync(TimeProvider time)
    {
        await _writing.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Close(_writer);
            var setAside = DamagedFile.SetAside(_path, time.GetUtcNow());
            _writer = _openWriter();
            return setAside;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A connection of the caller's own; dispose it soon, an open read keeps the WAL from being cut.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>How large the database is, and of which version.</summary>
    public DatabaseSize ReadSize()
    {
        using var reader = OpenReader();
        return new DatabaseSize(LengthOf(_path), LengthOf(_path + "-wal"), ReadVersion(reader));
    }

    /// <param name="sql">Answers how many rows there are and the time of the oldest, in nanoseconds; null without rows.</param>
    public StoredRows ReadExtent(string sql)
    {
        using var reader = OpenReader();
        var (rows, oldest) = reader.QuerySingle<(long, long?)>(sql);
        return new StoredRows(rows, oldest);
    }

    /// <exception cref="ObjectDisposedException">The database was closed before it was this write's turn.</exception>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> write, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
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
        if (!_closed)
        {
            _closed = true;
            Close(_writer);
        }

        _writing.Release();
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Disposing alone would leave the file open in the pool.</summary>
    private static void Close(SqliteConnection connection)
    {
        connection.Dispose();
        SqliteConnection.ClearPool(connection);
    }

    private static SqliteConnection OpenWriter(string path, string connectionString, IReadOnlyList<Migration> migrations, string synchronous)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        var writer = new SqliteConnection(connectionString);
        try
        {
            writer.Open();
            ThrowIfNewer(writer, path, migrations.Count);

            // Of an empty file only: what is trimmed goes back to the file system page by page.
            writer.Execute("PRAGMA auto_vacuum = INCREMENTAL");
            writer.Execute($"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;");
            Migrate(writer, migrations);
            return writer;
        }
        catch (SqliteException e)
        {
            Close(writer);
            throw new DatabaseException($"{path} cannot be opened as a database: {e.Message}", e);
        }
        catch
        {
            Close(writer);
            throw;
        }
    }

    private static void Create(string path)
    {
        try
        {
            File.Open(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another one was faster, with the same mode.
        }
    }

    /// <summary>Before anything else: even WAL mode is written into the file.</summary>
    private static void ThrowIfNewer(SqliteConnection connection, string path, int known)
    {
        var version = ReadVersion(connection);
        if (version > known)
        {
            throw new DatabaseException($"{path} was written by a newer LabNet (version {version}, known here: {known}). Start that one.");
        }
    }

    private static void Migrate(SqliteConnection connection, IReadOnlyList<Migration> migrations)
    {
        foreach (var migration in migrations.Skip(ReadVersion(connection)))
        {
            using var transaction = connection.BeginTransaction();
            if (ReadVersion(connection, transaction) >= migration.Version)
            {
                // Another process has migrated while this one waited for its turn.
                continue;
            }

            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute($"PRAGMA user_version = {migration.Version}", transaction: transaction);
            transaction.Commit();
        }
    }

    private static int ReadVersion(SqliteConnection connection, SqliteTransaction? transaction = null) =>
        connection.ExecuteScalar<int>("PRAGMA user_version", transaction: transaction);

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
