using Microsoft.Data.Sqlite;

namespace LabNet.Core.Storage;

/// <summary>Thrown when a database cannot be opened or used as it is; nothing in it was changed.</summary>
public sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// What is no fault of the statement (result codes of sqlite3.h): BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN,
    /// PROTOCOL. Trying again may help, because disks are emptied and locks let go.
    /// </summary>
    private static readonly int[] OfTheMachine = [5, 6, 7, 8, 9, 10, 13, 14, 15];

    private DatabaseException(string file, string reason, SqliteException inner) : this($"{file} cannot be used: {reason}", inner) => Reason = reason;

    /// <summary>Whether the file itself is damaged, or is no database at all.</summary>
    public bool IsCorrupt => InnerException is SqliteException damage && IsDamage(damage);

    /// <summary>What keeps the database from being used, in words, without its name.</summary>
    public string Reason { get; } = message;

    /// <summary>Whether the cause is the file or the machine, and not what was asked of SQLite.</summary>
    internal static bool Explains(SqliteException e) => OfTheMachine.Contains(e.SqliteErrorCode) || IsDamage(e);

    internal static DatabaseException Of(string path, SqliteException e)
    {
        var words = e.SqliteErrorCode switch
        {
            5 or 6 => "another process holds it locked",
            8 => "it is read-only",
            10 => "the disk has a fault",
            11 or 26 => "it is damaged",
            13 => "the disk is full",
            14 => "the file cannot be opened",
            _ => "SQLite cannot go on",
        };
        return new DatabaseException(Path.GetFileName(path), $"{words} ({e.Message})", e);
    }

    /// <summary>For damage that is found by other means than SQLite's own: as if SQLite had found it.</summary>
    internal static SqliteException Damage(string what) => new(what, errorCode: 11);

    /// <summary>SQLITE_CORRUPT and SQLITE_NOTADB of sqlite3.h.</summary>
    internal static bool IsDamage(SqliteException e) => e.SqliteErrorCode is 11 or 26;
}
