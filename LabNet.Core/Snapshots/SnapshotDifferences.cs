using System.Collections.Immutable;

namespace LabNet.Core.Snapshots;

/// <summary>In what a VM's state differs from another one.</summary>
/// <param name="From">The snapshot's name.</param>
/// <param name="To">The same; "now" for the running state.</param>
/// <param name="Machine">What the machine is made of; null where nobody knows it of one of both.</param>
/// <param name="MachineProblem">Why it is not known.</param>
/// <param name="Disks">By block node.</param>
/// <param name="State">Devices' fields, registers and RAM; null where one of both has none that can be read.</param>
/// <param name="StateProblem">Why there is none.</param>
public sealed record SnapshotDifferences(
    string From,
    string To,
    MachineDifferences? Machine,
    string? MachineProblem,
    ImmutableArray<DiskDifference> Disks,
    SavedMachineDifference? State,
    string? StateProblem);

/// <summary>In what a disk differs.</summary>
/// <param name="Clusters">Null where it cannot be told.</param>
/// <param name="IsExact">False where the guest wrote while it was looked at, and QEMU may have kept some of the tables in its memory.</param>
/// <param name="Problem">Why it cannot be told.</param>
public sealed record DiskDifference(string Node, Qcow2Difference? Clusters, bool IsExact, string? Problem)
{
    /// <summary>The guest's files that the clusters belong to; null where they were not asked for or cannot be told.</summary>
    public GuestFileDifference? Files { get; init; }

    /// <summary>Why the files cannot be told, such as a disk without ext4; null if nobody asked.</summary>
    public string? FilesProblem { get; init; }
}
