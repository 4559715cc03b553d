using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

/// <summary>Opening a file, whatever state it is in, and beginning a new one.</summary>
public sealed partial class Database
{
    /// <summary>SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE of sqlite3.h.</summary>
    private const int NoCheckpointOnClose = 1006;

    /// <summary>A batch of a busy VM's trace with what is rolled up of it: what does not fit, SQLite writes twice and reads again.</summary>
    private const int CacheKibibytes = 8 << 10;

    /// <summary>How often the file was exchanged: what was found wrong with the one before says nothing about this one.</summary>
    internal int Generation => Volatile.Read(ref _generation);

    /// <summary>Opens or makes the file (mode 0600) and brings it to the newest version by the SQL files of <paramref name="migrations"/>.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="migrations">The folder below Migrations, such as <c>lab</c>: files <c>0001-name.sql</c>, run in order, each in a transaction.</param>
    /// <param name="synchronous">FULL for what must last, NORMAL for what may lose its last batch.</param>
    /// <exception cref="DatabaseException">The file is no database, is of a newer LabNet, or a migration fails.</exception>
    public static Database Open(string path, string migrations, string synchronous) => Open(path, migrations, synchronous, static _ => { });

    /// <summary>As <see cref="Open(string, string, string)"/>, but a damaged file is moved aside, as it is, and a new one begun.</summary>
    /// <param name="looksThrough">The tables that are searched for damage before anything is done with the file, which takes the longer the more is in them; null for all.</param>
    /// <param name="setAside">Where the damaged file is now, or the write-ahead log if only that was damaged; null if nothing was.</param>
    /// <inheritdoc cref="Open(string, string, string)"/>
    public static Database OpenOrBeginAnew(
        string path, string migrations, string synchronous, IReadOnlyList<string>? looksThrough, TimeProvider time, out string? setAside)
    {
        setAside = DamagedFile.SetAsideWhatSqliteOverwrites(path, time.GetUtcNow());
        try
        {
            return Open(path, migrations, synchronous, writer => LookThrough(writer, looksThrough));
        }
        catch (DatabaseException e) when (e.IsCorrupt)
        {
            setAside = DamagedFile.SetAside(path, time.GetUtcNow());
            return Open(path, migrations, synchronous);
        }
    }

    /// <summary>For a file that turns out to be damaged while it is in use: moves it aside, as it is, and begins a new one; if that cannot be now, the next write does.</summary>
    /// <returns>Where the damaged file is now.</returns>
    internal async Task<string> SetAsideAsync(TimeProvider time)
    {
        await _writing.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);

            // Before anything of it is closed: SQLite copies the log into the file at the last close, and deletes by their names what then may
            // be the new one's, but leaves a file alone that was moved.
            var setAside = DamagedFile.SetAside(_path, time.GetUtcNow());
            if (_writer is { } damaged)
            {
                _writer = null;
                LeaveAsItIs(damaged);
                Close(damaged);
            }

            Interlocked.Increment(ref _generation);
            TryBeginAnew();
            return setAside;
        }
        finally
        {
            _writing.Release();
        }
    }

    private void TryBeginAnew()
    {
        try
        {
            _writer = _openWriter();
        }
        catch (DatabaseException)
        {
            // The next write tries it again, and who asked for that is told why it fails.
        }
    }

    private static Database Open(string path, string migrations, string synchronous, Action<SqliteConnection> check)
    {
        // A reader that comes while a damaged file is exchanged must not make one.
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusyTimeoutSeconds, Mode = SqliteOpenMode.ReadWrite }.ToString();
        var known = Migration.ReadAll(migrations);
        return new Database(path, connectionString, OpenWriter(path, connectionString, known, synchronous, check), () => OpenWriter(path, connectionString, known, synchronous, static _ => { }));
    }

    /// <summary>Of each page whether it can be what it should be.</summary>
    private static void LookThrough(SqliteConnection writer, IReadOnlyList<string>? tables)
    {
        var present = writer.Query<string>("SELECT name FROM sqlite_schema WHERE type = 'table'").ToList();
        foreach (var table in tables is null ? [""] : tables.Intersect(present, StringComparer.Ordinal).Select(table => $"('{table}')"))
        {
            if (writer.ExecuteScalar<string>($"PRAGMA quick_check{table}") is var finding and not "ok")
            {
                throw DatabaseException.Damage(finding ?? "nothing was answered");
            }
        }
    }

    private static SqliteConnection OpenWriter(string path, string connectionString, IReadOnlyList<Migration> migrations, string synchronous, Action<SqliteConnection> check)
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
            check(writer);

            // Of an empty file only: what is trimmed goes back to the file system page by page.
            writer.Execute("PRAGMA auto_vacuum = INCREMENTAL");
            writer.Execute($"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA cache_size = -{CacheKibibytes};");
            Migrate(writer, migrations);
            return writer;
        }
        catch (SqliteException e)
        {
            if (DatabaseException.IsDamage(e))
            {
                LeaveAsItIs(writer);
            }

            Close(writer);
            throw new DatabaseException($"{path} cannot be opened as a database: {e.Message}", e);
        }
        catch
        {
            Close(writer);
            throw;
        }
    }

    /// <summary>SQLite would copy the write-ahead log into a damaged file when it closes it, and then delete the log.</summary>
    private static void LeaveAsItIs(SqliteConnection connection)
    {
        if (connection.Handle is { } handle)
        {
            SQLitePCL.raw.sqlite3_db_config(handle, NoCheckpointOnClose, 1, out _);
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
