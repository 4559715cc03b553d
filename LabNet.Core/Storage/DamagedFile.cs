using System.Globalization;

namespace LabNet.Core.Storage;

/// <summary>A database file that SQLite cannot make sense of. Nothing of it is changed: somebody may want to save what is in it.</summary>
internal static class DamagedFile
{
    /// <summary>Moves the file and what belongs to it to a name that says when.</summary>
    /// <returns>The new path of the database file.</returns>
    public static string SetAside(string path, DateTimeOffset now)
    {
        var aside = FreeName($"{path}.damaged-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}");
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, aside + suffix);
            }
        }

        return aside;
    }

    private static string FreeName(string wished)
    {
        var name = wished;
        for (var number = 2; File.Exists(name); number++)
        {
            name = $"{wished}-{number}";
        }

        return name;
    }
}
