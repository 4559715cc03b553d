using System.Collections.Immutable;

namespace LabNet.Core.IoBenchmarks;

/// <summary>How a profile goes over the disk; fio's <c>rw</c>.</summary>
public enum IoAccess
{
    RandomRead,
    RandomWrite,
    SequentialRead,
    SequentialWrite,

    /// <summary>Random, 70 reads to 30 writes.</summary>
    Mixed,
}

/// <summary>A kind of load. The table is fixed, so that runs of today and of next year measure the same.</summary>
/// <param name="Depth">How many requests are on their way at a time.</param>
public sealed record IoProfile(string Name, IoAccess Access, int BlockBytes, int Depth, string Description)
{
    private const int KiB = 1024;

    public static readonly ImmutableArray<IoProfile> All =
    [
        new("rand-read-4k", IoAccess.RandomRead, 4 * KiB, 1, "Random reads of 4 KiB, one at a time: how long a single read takes."),
        new("rand-write-4k", IoAccess.RandomWrite, 4 * KiB, 1, "Random writes of 4 KiB, one at a time."),
        new("rand-read-4k-qd32", IoAccess.RandomRead, 4 * KiB, 32, "Random reads of 4 KiB, 32 at a time: how many reads the disk does."),
        new("rand-write-4k-qd32", IoAccess.RandomWrite, 4 * KiB, 32, "Random writes of 4 KiB, 32 at a time."),
        new("seq-read-1m", IoAccess.SequentialRead, KiB * KiB, 1, "Reads of 1 MiB one after the other: how many bytes come through."),
        new("seq-write-1m", IoAccess.SequentialWrite, KiB * KiB, 1, "Writes of 1 MiB one after the other."),
        new("mixed-70-30-4k", IoAccess.Mixed, 4 * KiB, 1, "Random requests of 4 KiB, one at a time, 70 reads to 30 writes."),
    ];

    public bool Reads => Access is IoAccess.RandomRead or IoAccess.SequentialRead or IoAccess.Mixed;

    public bool Writes => Access is IoAccess.RandomWrite or IoAccess.SequentialWrite or IoAccess.Mixed;

    public bool IsSequential => Access is IoAccess.SequentialRead or IoAccess.SequentialWrite;

    /// <summary>Null if there is none of this name.</summary>
    public static IoProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);
}
