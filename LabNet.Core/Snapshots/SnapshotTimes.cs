namespace LabNet.Core.Snapshots;

/// <summary>Where the time of a snapshot, or of a restore, went.</summary>
/// <param name="Described">Asking QEMU what the machine is, and writing it down.</param>
/// <param name="Guest">The guest's steps: shares, clock.</param>
/// <param name="Job">QEMU's own work, while the guest stood still.</param>
/// <param name="Total">From the first to the last.</param>
public sealed record SnapshotTimes(TimeSpan Described, TimeSpan Guest, TimeSpan Job, TimeSpan Total);
