using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

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
public sealed partial class Database : IAsyncDisposable
{
    private const int BusyTimeoutSeconds = 5;

    private static readonly TimeSpan TurnPatience = TimeSpan.FromSeconds(BusyTimeoutSeconds);

    private readonly string _path;
    private readonly string _connectionString;
    private readonly Func<SqliteConnection> _openWriter;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private SqliteConnection? _writer;
    private int _generation;
    private bool _closed;

    private Database(string path, string connectionString, SqliteConnection writer, Func<SqliteConnection> openWriter)
    {
        _path = path;
        _connectionString = connectionString;
        _openWriter = openWriter;
        _writer = writer;
    }

    /// <summary>A connection of the caller's own; dispose it soon, an open read keeps the WAL from being cut.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>Reads on a connection of its own, on the caller's thread.</summary>
    /// <exception cref="DatabaseException">The file is damaged, or the machine does not let it be read.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        try
        {
            using var reader = OpenReader();
            return read(reader);
        }
        catch (SqliteException e) when (DatabaseException.Explains(e))
        {
            throw DatabaseException.Of(_path, e);
        }
    }

    /// <summary>How large the database is, and of which version.</summary>
    /// <exception cref="DatabaseException"/>
    public DatabaseSize ReadSize() => new(LengthOf(_path), LengthOf(_path + "-wal"), Read(static reader => ReadVersion(reader)));

    /// <param name="sql">Answers how many rows there are and the time of the oldest, in nanoseconds; null without rows.</param>
    /// <exception cref="DatabaseException"/>
    public StoredRows ReadExtent(string sql) => Read(reader => ExtentOf(reader, sql));

    internal static StoredRows ExtentOf(SqliteConnection reader, string sql)
    {
        var (rows, oldest) = reader.QuerySingle<(long, long?)>(sql);
        return new StoredRows(rows, oldest);
    }

    /// <summary>
    /// Runs in a transaction when it is this write's turn. A lock of another process is waited for, and so are the writes before this one,
    /// each not longer than some seconds: who asked is told why he cannot have it.
    /// </summary>
    /// <exception cref="DatabaseException">Nothing was written, because of the file or the machine; a mistake in what is written stays what it is.</exception>
    /// <exception cref="ObjectDisposedException">The database was closed before it was this write's turn.</exception>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> write, CancellationToken cancellationToken)
    {
        if (!await _writing.WaitAsync(TurnPatience, cancellationToken))
        {
            throw new DatabaseException(
                $"{Path.GetFileName(_path)} cannot be written: others have waited for {BusyTimeoutSeconds} s already. The disk is slow, or another process holds the file locked.");
        }

        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return await Task.Run(() => Write(write), CancellationToken.None);
        }
        catch (SqliteException e) when (DatabaseException.Explains(e))
        {
            throw DatabaseException.Of(_path, e);
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
            if (_writer is not null)
            {
                Close(_writer);
            }
        }

        _writing.Release();
    }

    private T Write<T>(Func<SqliteConnection, SqliteTransaction, T> write)
    {
        // A damaged file was moved aside, and a new one was not possible at once.
        _writer ??= _openWriter();
        using var transaction = _writer.BeginTransaction();
        var result = write(_writer, transaction);
        transaction.Commit();
        return result;
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Disposing alone would leave the file open in the pool.</summary>
    private static void Close(SqliteConnection connection)
    {
        connection.Dispose();
        SqliteConnection.ClearPool(connection);
    }
}
