using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>A disk that faults can be had on.</summary>
/// <param name="Qdev">As <c>query-block</c> names it: what a command wants to hear.</param>
internal sealed record Disk(string Id, string Qdev, BlockDeviceInfo Medium)
{
    private const string Peripheral = "/machine/peripheral/";

    /// <summary>The object that has the property <c>drive</c>.</summary>
    public static string PathOf(string id) => Peripheral + id;

    /// <summary>Whether it was plugged in, and is not any more.</summary>
    public static bool IsUnplugged(VmState state, string id) =>
        state.Definition is StartedVm && id is not ("vda" or "cd0") && state.Plugged.All(device => device.Id != id);

    /// <exception cref="VmConflictException">There is none of this name, or nothing in it.</exception>
    /// <exception cref="QmpException"/>
    public static async Task<Disk> FindAsync(VmSession vm, string id, CancellationToken cancellationToken)
    {
        vm.ThrowUnlessConnected();
        return FindIn(await vm.ReadAsync(BlockCommands.QueryBlock, cancellationToken), vm, id);
    }

    /// <param name="drives">What query-block answered.</param>
    /// <exception cref="VmConflictException"/>
    public static Disk FindIn(IReadOnlyList<BlockInfo> drives, VmSession vm, string id)
    {
        var known = drives.Select(drive => (Drive: drive, Id: IdOf(drive.Qdev))).Where(one => one.Id is not null).ToList();
        return known.Find(one => one.Id == id).Drive is not { } found
                ? throw new VmConflictException($"{vm.State.Name} has no disk {id}. It has {(known.Count == 0 ? "none" : string.Join(", ", known.Select(one => one.Id)))}.")
            : found.Inserted is { } medium ? new Disk(id, found.Qdev!, medium)
            : throw new VmConflictException($"There is nothing in the drive {id} of {vm.State.Name}.");
    }

    /// <summary>The block node that the device works through; null where there is none.</summary>
    /// <exception cref="QmpException"/>
    public static async Task<string?> FindNodeAsync(VmSession vm, string id, CancellationToken cancellationToken) =>
        NodeIn(await vm.ReadAsync(BlockCommands.QueryBlock, cancellationToken), id);

    /// <param name="drives">What query-block answered.</param>
    public static string? NodeIn(IReadOnlyList<BlockInfo> drives, string id) => drives.FirstOrDefault(drive => IdOf(drive.Qdev) == id)?.Inserted?.NodeName;

    /// <summary>A virtio disk is known by the path of a part of it, others by their id.</summary>
    private static string? IdOf(string? qdev) =>
        qdev is null ? null
        : qdev.StartsWith(Peripheral, StringComparison.Ordinal) ? qdev[Peripheral.Length..].Split('/')[0]
        : qdev.StartsWith('/') ? null
        : qdev;
}
