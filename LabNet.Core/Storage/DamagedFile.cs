using System.Buffers.Binary;
using System.Globalization;

namespace LabNet.Core.Storage;

/// <summary>A database file that SQLite cannot make sense of. Nothing of it is changed: somebody may want to save what is in it.</summary>
internal static class DamagedFile
{
    private const string Wal = "-wal";

    /// <summary>Without its last bit, which says in which byte order the checksums are: the WAL-index format, https://sqlite.org/fileformat2.html#walformat.</summary>
    private const uint WalMagic = 0x377f0682;

    /// <summary>Moves the file and what belongs to it to a name that says when.</summary>
    /// <returns>The new path of the database file, or of its log if there was no file.</returns>
    public static string SetAside(string path, DateTimeOffset now)
    {
        var aside = FreeName(path, now);
        foreach (var suffix in (string[])["", Wal, "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, aside + suffix);
            }
        }

        return File.Exists(aside) ? aside : aside + Wal;
    }

    /// <summary>
    /// A file without a byte or gone, which SQLite would take for a new database and whose write-ahead log it would delete; or a write-ahead
    /// log that is none, which it would write over without a word.
    /// </summary>
    /// <returns>The new path of what was moved; null if there was nothing of the kind.</returns>
    public static string? SetAsideWhatSqliteOverwrites(string path, DateTimeOffset now)
    {
        var file = new FileInfo(path);
        if (file is { Exists: true, Length: 0 } || (!file.Exists && File.Exists(path + Wal)))
        {
            return SetAside(path, now);
        }

        if (new FileInfo(path + Wal) is not { Exists: true, Length: > 0 } || IsWal(path + Wal))
        {
            return null;
        }

        var aside = FreeName(path, now) + Wal;
        File.Move(path + Wal, aside);
        return aside;
    }

    private static bool IsWal(string path)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length
            && (BinaryPrimitives.ReadUInt32BigEndian(magic) & ~1u) == WalMagic;
    }

    private static string FreeName(string path, DateTimeOffset now)
    {
        var wished = $"{path}.damaged-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
        var name = wished;
        for (var number = 2; File.Exists(name) || File.Exists(name + Wal); number++)
        {
            name = $"{wished}-{number}";
        }

        return name;
    }
}
