using System.Text.Json;
using LabNet.Core.Devices;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>Behind a SCSI controller.</summary>
internal readonly record struct ScsiAddress(int Channel, int Id, int Lun);

/// <summary>A disk as QEMU knows it, with what a guest can tell it by.</summary>
/// <param name="Pci">Its own address, or its SCSI controller's.</param>
/// <param name="Scsi">Null for a disk that is a PCI function by itself.</param>
internal sealed record QemuDisk(string QdevId, string Type, PciAddress Pci, ScsiAddress? Scsi)
{
    private const string Peripheral = "/machine/peripheral/";

    /// <exception cref="UnknownDiskException">There is no disk with this id.</exception>
    /// <exception cref="VmConflictException">It is of a kind that cannot be told in a guest.</exception>
    /// <exception cref="QmpException"/>
    public static async Task<QemuDisk> FindAsync(VmSession vm, string qdevId, CancellationToken cancellationToken)
    {
        var ids = await ReadIdsAsync(vm, cancellationToken);
        if (!ids.Contains(qdevId, StringComparer.Ordinal))
        {
            throw new UnknownDiskException($"{vm.State.Name} has no disk \"{qdevId}\"; it has {(ids.Count == 0 ? "none with an id" : string.Join(", ", ids))}.");
        }

        var type = await ReadTextAsync(vm, qdevId, "type", cancellationToken);
        var buses = await vm.ReadAsync(PciCommands.QueryPci, cancellationToken);
        if (AddressOf(buses, qdevId) is { } own)
        {
            return new QemuDisk(qdevId, type, own, Scsi: null);
        }

        if (type.StartsWith("scsi-", StringComparison.Ordinal)
            && QdevIdOf(await ReadTextAsync(vm, qdevId, "parent_bus", cancellationToken)) is { } controller
            && AddressOf(buses, controller) is { } behind)
        {
            var scsi = new ScsiAddress(
                await ReadNumberAsync(vm, qdevId, "channel", cancellationToken),
                await ReadNumberAsync(vm, qdevId, "scsi-id", cancellationToken),
                await ReadNumberAsync(vm, qdevId, "lun", cancellationToken));
            return new QemuDisk(qdevId, type, behind, scsi);
        }

        throw new VmConflictException($"{qdevId} is a {type}, which cannot be told in the guest: virtio-blk, NVMe and SCSI disks on the PCI bus can.");
    }

    /// <exception cref="QmpException"/>
    public static async Task<IReadOnlyList<string>> ReadIdsAsync(VmSession vm, CancellationToken cancellationToken) =>
        [.. (await vm.ReadAsync(BlockCommands.QueryBlock, cancellationToken)).Select(block => QdevIdOf(block.Qdev)).OfType<string>().Distinct()];

    /// <summary>QEMU's counters of the disk; null if it is gone.</summary>
    /// <exception cref="QmpException"/>
    public async Task<BlockDeviceStats?> ReadStatsAsync(VmSession vm, CancellationToken cancellationToken) =>
        (await vm.ReadAsync(BlockCommands.QueryBlockstats, cancellationToken)).FirstOrDefault(stats => QdevIdOf(stats.Qdev) == QdevId)?.Stats;

    /// <summary>The id in <c>/machine/peripheral/ID/…</c>; some devices give it bare. Null for a device without one.</summary>
    internal static string? QdevIdOf(string? qdev) =>
        string.IsNullOrEmpty(qdev) ? null
        : !qdev.StartsWith('/') ? qdev
        : qdev.StartsWith(Peripheral, StringComparison.Ordinal) ? qdev[Peripheral.Length..].Split('/')[0]
        : null;

    internal static PciAddress? AddressOf(IEnumerable<PciBus> buses, string qdevId) =>
        buses.SelectMany(bus => bus.Devices).SelectMany(WithThoseBehind).FirstOrDefault(function => function.QdevId == qdevId) is { } found
            ? new PciAddress(found.Bus, found.Slot, found.Function)
            : null;

    private static IEnumerable<PciFunction> WithThoseBehind(PciFunction function) =>
        (function.PciBridge?.Devices ?? []).SelectMany(WithThoseBehind).Prepend(function);

    private static ValueTask<JsonElement> GetAsync(VmSession vm, string qdevId, string property, CancellationToken cancellationToken) =>
        vm.ReadAsync(QomCommands.Get, new QomGetArguments(Peripheral + qdevId, property), cancellationToken);

    private static async Task<string> ReadTextAsync(VmSession vm, string qdevId, string property, CancellationToken cancellationToken) =>
        await GetAsync(vm, qdevId, property, cancellationToken) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static async Task<int> ReadNumberAsync(VmSession vm, string qdevId, string property, CancellationToken cancellationToken) =>
        (await GetAsync(vm, qdevId, property, cancellationToken)).TryGetInt32(out var number) ? number : 0;
}
