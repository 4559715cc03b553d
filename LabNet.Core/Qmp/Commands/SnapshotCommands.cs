namespace LabNet.Core.Qmp;

/// <summary>
/// qapi/migration.json's snapshots and qapi/job.json's end of a job. Each snapshot command begins a job and answers at once, also when the job
/// will fail: what came of it stands in <c>query-jobs</c> until the job is dismissed.
/// </summary>
public static class SnapshotCommands
{
    public static readonly QmpCommand<SnapshotArguments, QmpNothing> Save =
        new("snapshot-save", QmpJson.Default.SnapshotArguments, QmpJson.Default.QmpNothing);

    /// <summary>One that fails leaves the VM in the run state <c>restore-vm</c>.</summary>
    public static readonly QmpCommand<SnapshotArguments, QmpNothing> Load =
        new("snapshot-load", QmpJson.Default.SnapshotArguments, QmpJson.Default.QmpNothing);

    /// <summary>A tag that is not there is deleted without an error.</summary>
    public static readonly QmpCommand<SnapshotDeleteArguments, QmpNothing> Delete =
        new("snapshot-delete", QmpJson.Default.SnapshotDeleteArguments, QmpJson.Default.QmpNothing);

    public static readonly QmpCommand<IdArguments, QmpNothing> Dismiss =
        new("job-dismiss", QmpJson.Default.IdArguments, QmpJson.Default.QmpNothing);
}

/// <param name="JobId">Of the caller's making, not in use.</param>
/// <param name="Vmstate">The block node that the machine's state lies in.</param>
/// <param name="Devices">The block nodes that the snapshot covers; all of them are qcow2.</param>
public sealed record SnapshotArguments(string JobId, string Tag, string Vmstate, string[] Devices);

/// <inheritdoc cref="SnapshotArguments"/>
public sealed record SnapshotDeleteArguments(string JobId, string Tag, string[] Devices);
