using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>What a QEMU that is started goes on from, instead of booting.</summary>
/// <param name="Tag">Of a snapshot that all disks of the VM have.</param>
/// <param name="Plugged">The devices that were plugged in when it was taken; QEMU refuses a snapshot of a device that is not there.</param>
/// <param name="Paused">Whether the guest is to stand still at first.</param>
public sealed record StartPoint(string Tag, ImmutableArray<PluggedDevice> Plugged, bool Paused = false)
{
    internal ImmutableArray<PluggedLaunch> ToLaunch(Func<string, LinkPort> portOf) => [.. Plugged.Select(device => Of(device, portOf))];

    private static PluggedLaunch Of(PluggedDevice device, Func<string, LinkPort> portOf) => device.Kind switch
    {
        var type when device.Properties is { } properties => new PluggedLaunch.Custom(device.Id, device.Port, type, properties, device.Chardev, device.Socket),
        "virtio-blk" => DiskOf(device, "virtio-blk-pci"),
        "nvme" => DiskOf(device, "nvme"),
        "virtio-scsi" => DiskOf(device, "scsi-hd"),
        "virtio-net" => NicOf(device, "virtio-net-pci", portOf),
        "e1000e" => NicOf(device, "e1000e", portOf),
        _ => throw new VmConflictException($"{device.Id} is a {device.Kind}, which can only be plugged into a machine that runs."),
    };

    private static PluggedLaunch.Disk DiskOf(PluggedDevice device, string driver) =>
        new(device.Id, device.Port, driver, device.File!, device.Serial, device.Controller);

    private static PluggedLaunch.Nic NicOf(PluggedDevice device, string driver, Func<string, LinkPort> portOf) =>
        new(device.Id, device.Port, driver, device.Netdev!, device.Mac!, device.Tap is { } tap ? portOf(tap) : null);
}
