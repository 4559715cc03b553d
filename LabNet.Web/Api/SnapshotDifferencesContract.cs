using LabNet.Core.Snapshots;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>In what a snapshot differs from another one, or from what is now.</summary>
/// <param name="From">The snapshot's name.</param>
/// <param name="To">The same; `now` for the running state.</param>
/// <param name="Machine">What the machine is made of; null where nobody knows it of one of both, for the reason in `machineProblem`.</param>
/// <param name="Disks">By block node.</param>
/// <param name="State">Registers, devices' fields and RAM; null where one of both has none that can be read, for the reason in `stateProblem`.</param>
public sealed record SnapshotDifferencesContract(
    string From,
    string To,
    MachineDifferencesContract? Machine,
    string? MachineProblem,
    IReadOnlyList<DiskDifferenceContract> Disks,
    StateDifferencesContract? State,
    string? StateProblem)
{
    internal static SnapshotDifferencesContract Of(SnapshotDifferences differences) => new(
        differences.From,
        differences.To,
        differences.Machine is { } machine ? MachineDifferencesContract.Of(machine) : null,
        differences.MachineProblem,
        [.. differences.Disks.Select(DiskDifferenceContract.Of)],
        differences.State is { } state ? StateDifferencesContract.Of(state) : null,
        differences.StateProblem);
}

/// <param name="Devices">Devices that came or went: `what` is the path, `from` and `to` the type.</param>
/// <param name="Properties">Of devices that both have: `what` is the path and the property.</param>
/// <param name="CommandLine">Options that came or went.</param>
public sealed record MachineDifferencesContract(
    IReadOnlyList<Difference> Devices,
    IReadOnlyList<Difference> Properties,
    IReadOnlyList<Difference> BlockNodes,
    IReadOnlyList<Difference> CommandLine,
    IReadOnlyList<MemoryRegionDifferenceContract> MemoryMap)
{
    internal static MachineDifferencesContract Of(MachineDifferences machine) => new(
        machine.Devices,
        machine.Properties,
        machine.BlockNodes,
        machine.CommandLine,
        [.. machine.Memory.Select(MemoryRegionDifferenceContract.Of)]);
}

/// <param name="From">Where the region began; null for one that came.</param>
/// <param name="To">Where it begins; null for one that went.</param>
public sealed record MemoryRegionDifferenceContract(string Space, string Name, string Kind, string? Owner, string? From, string? To)
{
    internal static MemoryRegionDifferenceContract Of(MemoryChange change) => new(
        change.Space.Word(), change.Range.Name, change.Range.Kind, change.Range.Owner?.ToString(), Hex(change.From), Hex(change.To));

    private static string? Hex(ulong? address) => address is { } known ? $"0x{known:x}" : null;
}

/// <param name="Exact">False where the guest wrote while its disk was looked at.</param>
/// <param name="ChangedBytes">Of all changed clusters.</param>
/// <param name="Rewritten">Clusters that have data in both, at different places.</param>
/// <param name="Allocated">Clusters that have data only after.</param>
/// <param name="Freed">Clusters that have no data of their own after.</param>
/// <param name="Ranges">The changed clusters in the disk's order, neighbours joined.</param>
/// <param name="Problem">Why the disk cannot be compared; null if it can.</param>
/// <param name="Files">The files of the guest's ext4 that differ; null where they cannot be told, for the reason in `filesProblem`, or were not asked for.</param>
public sealed record DiskDifferenceContract(
    string Node,
    bool Exact,
    long? ClusterBytes,
    long? ChangedBytes,
    long? Rewritten,
    long? Allocated,
    long? Freed,
    IReadOnlyList<ByteRange>? Ranges,
    string? Problem,
    IReadOnlyList<GuestFile>? Files,
    string? FilesProblem)
{
    internal static DiskDifferenceContract Of(DiskDifference disk) => new(
        disk.Node,
        disk.IsExact,
        disk.Clusters?.ClusterBytes,
        disk.Clusters?.Ranges.Sum(range => range.Length),
        disk.Clusters?.Rewritten,
        disk.Clusters?.Allocated,
        disk.Clusters?.Freed,
        disk.Clusters?.Ranges,
        disk.Problem,
        disk.Files?.Files,
        disk.FilesProblem);
}

/// <param name="Gone">Parts of the machine that only the first saved.</param>
/// <param name="Come">Parts that only the second saved.</param>
/// <param name="Registers">Of the vCPUs, by the names that the processors' manuals give them.</param>
/// <param name="Fields">Of devices, by the names that QEMU's source gives them.</param>
/// <param name="NotListed">How many more registers and fields differ.</param>
/// <param name="Memory">Blocks of the guest's memory, by changed pages.</param>
public sealed record StateDifferencesContract(
    IReadOnlyList<string> Gone,
    IReadOnlyList<string> Come,
    IReadOnlyList<RegisterDifferenceContract> Registers,
    IReadOnlyList<FieldDifferenceContract> Fields,
    long NotListed,
    IReadOnlyList<SavedMemoryChange> Memory)
{
    internal static StateDifferencesContract Of(SavedMachineDifference state) => new(
        state.Gone,
        state.Come,
        [.. state.Changes.Where(one => one.Register is not null).Select(one => new RegisterDifferenceContract(one.Section, one.Register!, one.Before, one.After))],
        [.. state.Changes.Where(one => one.Register is null).Select(one => new FieldDifferenceContract(one.Section, one.Path, one.Before, one.After))],
        state.ChangesNotListed,
        state.Memory);
}

/// <param name="Cpu">Such as `cpu/0`.</param>
public sealed record RegisterDifferenceContract(string Cpu, string Register, string? From, string? To);

/// <param name="Device">QEMU's name for the part of the machine, such as `0000:00:03.0/virtio-net`.</param>
/// <param name="Field">Empty for a part that is known as a whole only.</param>
public sealed record FieldDifferenceContract(string Device, string Field, string? From, string? To);
