using LabNet.Core.Snapshots;

namespace LabNet.Web.Api;

/// <summary>A snapshot that the VM's disk holds.</summary>
/// <param name="Tag">What QEMU and qemu-img call it: a safe form of the name.</param>
/// <param name="Parent">The nearest one that it came from and that is there still; null for the first, and for one that LabNet did not take.</param>
/// <param name="VmStateBytes">The machine's RAM and devices; 0 for a snapshot of the disk alone.</param>
/// <param name="Current">Whether the VM came from it last.</param>
/// <param name="TakenBy">Who asked for it; null where nobody knows.</param>
/// <param name="WhyNotRestorable">Why it cannot be restored as the VM is now; null if it can.</param>
/// <param name="RestoresAnew">What the machine has otherwise than then, for which QEMU is started anew; null where the QEMU that runs loads it.</param>
public sealed record SnapshotContract(
    string Id,
    string Tag,
    string Name,
    string Note,
    string? Parent,
    DateTimeOffset TakenAt,
    long VmStateBytes,
    bool Current,
    SnapshotOrigin Origin,
    string? TakenBy,
    string? WhyNotRestorable,
    string? RestoresAnew)
{
    internal static IReadOnlyList<SnapshotContract> Of(VmSnapshots snapshots, SnapshotTree tree) => [.. tree.There.Select(one => new SnapshotContract(
        one.Id.Text,
        one.Tag,
        one.Name,
        one.Note,
        tree.ParentThereOf(one)?.Id.Text,
        one.TakenAt,
        one.VmStateBytes,
        tree.Head == one.Id && tree.HeadDoubt is null,
        one.Origin,
        one.Actor,
        snapshots.WhyNotLoadable(one),
        snapshots.Differences(one)))];
}

/// <summary>A snapshot to be taken.</summary>
/// <param name="Name">Any characters but control characters, at most 300.</param>
/// <param name="LiftFaults">Whether faults that it would hold are lifted first; it is refused else.</param>
public sealed record TakeSnapshotContract(string Name, string? Note = null, bool LiftFaults = false);

/// <param name="SnapshotFirst">Whether what is now is kept as a snapshot of its own before; without it nothing brings it back.</param>
/// <param name="LiftFaults">Whether faults that it would undo are lifted first; it is refused else.</param>
public sealed record RestoreSnapshotContract(bool SnapshotFirst = true, bool LiftFaults = false);

/// <param name="Devices">The block nodes, all of them qcow2; the machine's state goes into the first.</param>
/// <param name="WhyNot">Why no snapshot can be taken; null if one can.</param>
public sealed record SnapshotDevicesContract(IReadOnlyList<string> Devices, string? WhyNot);
