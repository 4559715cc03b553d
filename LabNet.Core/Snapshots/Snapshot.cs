using System.Collections.Immutable;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Who took a snapshot.</summary>
public enum SnapshotOrigin
{
    LabNet,

    /// <summary>Somebody else, by another monitor or by qemu-img: what it came from nobody knows.</summary>
    External,
}

/// <summary>What became of a snapshot.</summary>
public enum SnapshotStanding
{
    /// <summary>The VM's disk holds it.</summary>
    There,

    /// <summary>LabNet deleted it. It stays in the tree while others came from it.</summary>
    Deleted,

    /// <summary>It was deleted behind LabNet's back.</summary>
    Gone,
}

/// <summary>A snapshot of a whole machine.</summary>
/// <param name="Tag">What QEMU and qemu-img call it.</param>
/// <param name="Name">As whoever took it wrote it; any characters but control characters.</param>
/// <param name="Parent">The one that the machine had come from; null for the first, and for one that somebody else took.</param>
/// <param name="TakenAt">By QEMU's clock.</param>
/// <param name="VmClockNs">How long the guest had run, in nanoseconds; with the tag and the time it tells a snapshot from a later one of the same tag.</param>
/// <param name="VmStateBytes">The machine's RAM and devices; 0 for a snapshot of the disk alone.</param>
/// <param name="Actor">Who asked for it; null where nobody knows.</param>
public sealed record Snapshot(
    SnapshotId Id,
    string Tag,
    string Name,
    string Note,
    SnapshotId? Parent,
    SnapshotOrigin Origin,
    SnapshotStanding Standing,
    DateTimeOffset TakenAt,
    long VmClockNs,
    long VmStateBytes,
    string? Actor)
{
    /// <summary>What the machine was; null of one that somebody else took.</summary>
    public SnapshotMachine? Machine { get; init; }

    public bool IsThere => Standing == SnapshotStanding.There;

    internal bool IsHeldAs(HeldSnapshot held) => Tag == held.Tag && TakenAt == held.TakenAt && VmClockNs == held.VmClockNs;
}

/// <summary>What has to be as it was for a snapshot to be restored.</summary>
/// <param name="QemuVersion">An aarch64 machine loads in no other.</param>
/// <param name="Disks">The block nodes that it covers; the first has the machine's state.</param>
/// <param name="Plugged">The devices that were plugged in.</param>
public sealed record SnapshotMachine(Version? QemuVersion, ImmutableArray<string> Disks, ImmutableArray<PluggedDevice> Plugged);

/// <summary>A snapshot as the VM's disks hold it.</summary>
/// <param name="Disks">The block nodes that have it.</param>
public sealed record HeldSnapshot(string Tag, DateTimeOffset TakenAt, long VmClockNs, long VmStateBytes, ImmutableArray<string> Disks);
