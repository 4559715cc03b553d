using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>The disks that a snapshot covers, and the snapshots that they hold.</summary>
/// <param name="Nodes">What QEMU's snapshot commands take: every writable disk, all of them qcow2. The machine's state goes into the first.</param>
/// <param name="Files">Where each of them lies on the machine that QEMU runs on.</param>
/// <param name="WhyNot">Why no snapshot can be taken of these disks; null if one can.</param>
public sealed record CoveredDisks(ImmutableArray<string> Nodes, ImmutableArray<HeldSnapshot> Held, ImmutableDictionary<string, string> Files, string? WhyNot)
{
    private const string Qcow2 = "qcow2";

    /// <summary>The block node of the disk that every VM of LabNet has.</summary>
    internal const string OwnDisk = "vda";
    private const string Nvme = "child<nvme>";

    /// <exception cref="QmpException"/>
    public static async Task<CoveredDisks> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var drives = await vm.ReadAsync(BlockCommands.QueryBlock, cancellationToken);
        var devices = await vm.ReadAsync(QomCommands.List, new QomPathArguments("/machine/peripheral"), cancellationToken);
        return Of(vm.State.Name.ToString(), drives, [.. devices.Where(device => device.Type == Nvme).Select(device => device.Name)]);
    }

    /// <param name="nvme">The ids of the NVMe controllers.</param>
    internal static CoveredDisks Of(string vm, IReadOnlyList<BlockInfo> drives, IReadOnlyList<string> nvme)
    {
        var media = drives.Select(drive => (drive, Medium: drive.Inserted)).Where(one => one.Medium is { Ro: false }).Select(one => (one.drive, Medium: one.Medium!)).ToList();
        var disks = media.Where(one => one.Medium.Drv == Qcow2).ToList();
        var held = disks
            .SelectMany(one => (one.Medium.Image.Snapshots ?? []).Select(snapshot => (Node: NodeOf(one.drive, one.Medium), Info: snapshot)))
            .GroupBy(one => (one.Info.Name, one.Info.DateSec, one.Info.DateNsec, one.Info.VmClockSec, one.Info.VmClockNsec))
            .Select(group => Of(group.First().Info, [.. group.Select(one => one.Node)]) with { VmStateBytes = group.Max(one => one.Info.VmStateSize) });
        return new CoveredDisks(
            [.. disks.Select(one => NodeOf(one.drive, one.Medium))],
            [.. held],
            disks.ToImmutableDictionary(one => NodeOf(one.drive, one.Medium), one => one.Medium.File),
            WhyNotOf(vm, media, nvme));
    }

    /// <summary>What the VM's own disk holds while no QEMU has it.</summary>
    /// <param name="description">QAPI's ImageInfo, as qemu-img prints it.</param>
    internal static IReadOnlyList<HeldSnapshot> OfImage(string description) =>
        [.. (JsonSerializer.Deserialize(description, QmpJson.Default.ImageInfo)?.Snapshots ?? []).Select(one => Of(one, [OwnDisk]))];

    internal static HeldSnapshot Of(SnapshotInfo info, ImmutableArray<string> disks) => new(
        info.Name,
        DateTimeOffset.FromUnixTimeSeconds(info.DateSec).AddTicks(info.DateNsec / TimeSpan.NanosecondsPerTick),
        (info.VmClockSec * 1_000_000_000) + info.VmClockNsec,
        info.VmStateSize,
        disks);

    private static string? WhyNotOf(string vm, List<(BlockInfo Drive, BlockDeviceInfo Medium)> media, IReadOnlyList<string> nvme)
    {
        if (nvme.Count > 0)
        {
            return $"QEMU cannot save the state of an NVMe controller, and {vm} has {string.Join(", ", nvme)}. Unplug {(nvme.Count == 1 ? "it" : "them")} first.";
        }

        if (media.Find(one => one.Medium.Drv != Qcow2) is { Medium: { } other, Drive: var drive })
        {
            return other.Drv == "blkdebug"
                ? $"A fault is in force on {NodeOf(drive, other)} of {vm}: its errors would be saved too. Lift it first."
                : $"The disk {NodeOf(drive, other)} of {vm} is a {other.Drv} that can be written, and only qcow2 holds snapshots. Convert it (qemu-img convert -O qcow2), or attach it read-only.";
        }

        return media.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $"{vm} has no qcow2 disk that a snapshot could be kept in.") : null;
    }

    /// <summary>A disk that was made by <c>-drive</c> is known by its backend's name: its node's is QEMU's own, and snapshot commands refuse that.</summary>
    private static string NodeOf(BlockInfo drive, BlockDeviceInfo medium) => drive.Device.Length > 0 ? drive.Device : medium.NodeName ?? "";
}
