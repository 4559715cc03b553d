using LabNet.Core.Snapshots;

namespace LabNet.Tests.Dashboard;

/// <summary>Snapshots as LabNet knows them; each is called as its id.</summary>
internal static class SampleSnapshots
{
    private static int _number;

    /// <param name="minute">After noon; null for later than those before.</param>
    public static Snapshot Of(string name, string? parent = null, int? minute = null) => new(
        new SnapshotId(name),
        name,
        name,
        Note: "",
        parent is null ? null : new SnapshotId(parent),
        SnapshotOrigin.LabNet,
        SnapshotStanding.There,
        minute is { } after ? Labs.Noon.AddMinutes(after) : Labs.Noon.AddSeconds(Interlocked.Increment(ref _number)),
        VmClockNs: 0,
        VmStateBytes: 100 << 20,
        "tester")
    {
        Machine = new SnapshotMachine(new Version(7, 2, 22), ["vda"], []),
    };

    public static SnapshotTree Tree(string? head, params Snapshot[] snapshots) =>
        new(Labs.Vm("x86"), [.. snapshots], head is null ? null : new SnapshotId(head), HeadDoubt: null);
}
