using System.Collections.Immutable;

namespace LabNet.Core.Labs;

/// <summary>What was plugged in, for a machine that begins with it.</summary>
public static partial class QemuCommandLine
{
    private static void AddPlugged(QemuArguments arguments, ImmutableArray<PluggedLaunch> plugged)
    {
        foreach (var device in plugged)
        {
            switch (device)
            {
                case PluggedLaunch.Disk disk:
                    AddPluggedDisk(arguments, disk);
                    break;
                case PluggedLaunch.Nic nic:
                    AddPluggedNic(arguments, nic);
                    break;
                case PluggedLaunch.Custom custom:
                    AddPluggedCustom(arguments, custom);
                    break;
            }
        }
    }

    private static void AddPluggedDisk(QemuArguments arguments, PluggedLaunch.Disk disk)
    {
        arguments.AddList(
            "-blockdev",
            first: null,
            ("driver", "qcow2"),
            ("node-name", disk.Id),
            ("discard", "unmap"),
            ("file.driver", "file"),
            ("file.filename", disk.File),
            ("file.discard", "unmap"));
        if (disk.Controller is { } controller)
        {
            AddInPort(arguments, "virtio-scsi-pci", controller, disk.Port);
            arguments.AddList("-device", disk.Driver, ("id", disk.Id), ("bus", $"{controller}.0"), ("drive", disk.Id), ("serial", disk.Serial));
        }
        else
        {
            AddInPort(arguments, disk.Driver, disk.Id, disk.Port, ("drive", disk.Id), ("serial", disk.Serial));
        }
    }

    private static void AddPluggedNic(QemuArguments arguments, PluggedLaunch.Nic nic)
    {
        AddNetdev(arguments, nic.Netdev, nic.LinkPort);
        List<(string Key, string Value)> properties = [("netdev", nic.Netdev), ("mac", nic.Mac), ("romfile", "")];
        if (nic.LinkPort is not null && nic.Driver == "virtio-net-pci")
        {
            properties.Add(("host_mtu", $"{nic.LinkPort.MtuBytes}"));
        }

        AddInPort(arguments, nic.Driver, nic.Id, nic.Port, [.. properties]);
    }

    private static void AddPluggedCustom(QemuArguments arguments, PluggedLaunch.Custom custom)
    {
        List<(string Key, string Value)> properties = [.. custom.Properties.Select(property => (property.Key, property.Value))];
        if (custom is { Chardev: { } chardev, Socket: { } socket })
        {
            AddSocket(arguments, chardev, socket);
            properties.Add(("chardev", chardev));
        }

        AddInPort(arguments, custom.Driver, custom.Id, custom.Port, [.. properties]);
    }

    private static void AddInPort(
        QemuArguments arguments, string driver, string id, string port, params ReadOnlySpan<(string Key, string Value)> properties) =>
        arguments.AddList("-device", driver, [("id", id), ("bus", port), ("addr", "0"), .. properties]);
}
