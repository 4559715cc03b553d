namespace LabNet.Core.Labs;

public static partial class QemuCommandLine
{
    private static void AddDevices(QemuArguments arguments, QemuLaunch launch)
    {
        AddPci(arguments, "virtio-serial-pci", "serial0", PciSlots.Serial);
        AddSocket(arguments, AgentChardev, launch.Paths.AgentSocket);
        arguments.AddList(
            "-device",
            "virtserialport",
            ("id", "agent0"),
            ("bus", "serial0.0"),
            ("nr", "1"),
            ("chardev", AgentChardev),
            ("name", "org.qemu.guest_agent.0"));
        AddDisk(arguments, launch.Paths.Disk);
        AddPci(arguments, "virtio-rng-pci", "rng0", PciSlots.Rng);
        AddPci(arguments, "virtio-balloon-pci", BalloonId, PciSlots.Balloon);
        if (launch.ShareFolder is not null)
        {
            AddShare(arguments, launch.ShareFolder);
        }

        // Debian's arm64 kernel has no driver (CONFIG_PVPANIC is unset); that of i6300esb it has.
        if (launch.Vm.Architecture == Architecture.X86_64)
        {
            AddPci(arguments, "pvpanic-pci", "pvpanic0", PciSlots.Panic);
        }

        foreach (var nic in launch.Vm.Nics)
        {
            AddNic(arguments, nic, nic is LinkNic ? launch.LinkPorts[nic.Id] : null);
        }

        for (var port = 0; port < PciSlots.RootPorts; port++)
        {
            var number = $"{port + 1}";
            AddPci(arguments, "pcie-root-port", $"rp{number}", PciSlots.FirstRootPort + port, ("chassis", number), ("slot", number));
        }

        AddPci(arguments, "i6300esb", "watchdog0", PciSlots.Watchdog);
        if (launch.Vm.Cdrom is { } cdrom)
        {
            AddCdrom(arguments, cdrom);
        }
    }

    /// <summary>
    /// What the guest discards is freed in the file, so that overlays stay small. The cache stays QEMU's default, write-back through the
    /// host's page cache with the guest's flushes obeyed: O_DIRECT is refused on tmpfs and buys a lab nothing, and ignoring flushes would
    /// lose a guest's disk with the host's power.
    /// </summary>
    private static void AddDisk(QemuArguments arguments, string path)
    {
        var discard = ("discard", "unmap");
        arguments.AddList("-blockdev", first: null, ("driver", "file"), ("node-name", "vda-file"), ("filename", path), discard);
        arguments.AddList("-blockdev", first: null, ("driver", "qcow2"), ("node-name", "vda"), ("file", "vda-file"), discard);
        AddPci(arguments, "virtio-blk-pci", "vda", PciSlots.Disk, ("drive", "vda"));
    }

    /// <summary>mapped-xattr keeps the guest's owners and modes in extended attributes: QEMU needs no privileges for them.</summary>
    private static void AddShare(QemuArguments arguments, string folder)
    {
        arguments.AddList(
            "-fsdev",
            "local",
            ("id", "share"),
            ("path", folder),
            ("security_model", "mapped-xattr"),
            ("fmode", "0644"),
            ("dmode", "0755"));
        AddPci(arguments, "virtio-9p-pci", "share0", PciSlots.Share, ("fsdev", "share"), ("mount_tag", KernelCommandLine.ShareTag));
    }

    /// <summary>
    /// SCSI, because it is the one CD drive that both machines have. The image stays closed to writers: QEMU opens it to read, so that
    /// VMs can have one image in common.
    /// </summary>
    private static void AddCdrom(QemuArguments arguments, string path)
    {
        var readOnly = ("read-only", "on");
        arguments.AddList("-blockdev", first: null, ("driver", "file"), ("node-name", "cd0-file"), ("filename", path), readOnly);
        arguments.AddList("-blockdev", first: null, ("driver", "raw"), ("node-name", "cd0"), ("file", "cd0-file"), readOnly);
        AddPci(arguments, "virtio-scsi-pci", "scsi0", PciSlots.Cdrom);
        arguments.AddList("-device", "scsi-cd", ("id", "cd0"), ("bus", "scsi0.0"), ("scsi-id", "0"), ("drive", "cd0"));
    }

    private static void AddNic(QemuArguments arguments, Nic nic, LinkPort? port)
    {
        var netdev = $"{nic.Id}-netdev";
        if (nic is UserNic { TftpFolder: { } folder })
        {
            arguments.AddList("-netdev", "user", ("id", netdev), ("tftp", folder));
        }
        else
        {
            AddNetdev(arguments, netdev, port);
        }

        // No boot ROM: the kernel is given, and a ROM's size would have to be the same wherever a snapshot is loaded.
        List<(string Key, string Value)> properties = [("netdev", netdev), ("mac", nic.Mac.ToString()), ("romfile", "")];
        if (port is not null && nic.Model == NicModel.VirtioNet)
        {
            // An e1000e can't be told; its guest goes by the kernel's command line alone.
            properties.Add(("host_mtu", $"{port.MtuBytes}"));
        }

        var driver = nic.Model == NicModel.VirtioNet ? "virtio-net-pci" : "e1000e";
        AddPci(arguments, driver, nic.Id.ToString(), PciSlots.FirstNic + nic.Id.Position, [.. properties]);
    }

    private static void AddNetdev(QemuArguments arguments, string netdev, LinkPort? port)
    {
        switch (port)
        {
            case null:
                arguments.AddList("-netdev", "user", ("id", netdev));
                break;
            case TapPort tap:
                arguments.AddList("-netdev", "tap", ("id", netdev), ("ifname", tap.Name), ("script", "no"), ("downscript", "no"));
                break;
            case RelayPort relay:
                arguments.AddList(
                    "-netdev",
                    "dgram",
                    ("id", netdev),
                    ("local.type", "inet"),
                    ("local.host", RelayPort.Host),
                    ("local.port", $"{relay.VmUdpPort}"),
                    ("remote.type", "inet"),
                    ("remote.host", RelayPort.Host),
                    ("remote.port", $"{relay.RelayUdpPort}"));
                break;
        }
    }

    private static void AddPci(
        QemuArguments arguments,
        string driver,
        string id,
        int slot,
        params ReadOnlySpan<(string Key, string Value)> properties) =>
        arguments.AddList("-device", driver, [("id", id), ("bus", "pcie.0"), ("addr", $"0x{slot:x}"), .. properties]);
}
