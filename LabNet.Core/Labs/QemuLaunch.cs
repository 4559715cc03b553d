using System.Collections.Immutable;

namespace LabNet.Core.Labs;

/// <summary>Everything that QEMU's command line is made of.</summary>
/// <param name="Lab">Which the VM belongs to.</param>
/// <param name="Vm">As the lab file says.</param>
/// <param name="Accelerator">Chosen for this start; KVM only for a guest of the host's architecture.</param>
/// <param name="HostArchitecture">Of the machine that QEMU runs on.</param>
/// <param name="Paths">The VM's files.</param>
/// <param name="Image">The guest's kernel and initramfs; its root file system is behind the VM's disk.</param>
/// <param name="ShareFolder">Absolute, there already; null exactly when the VM shares none.</param>
/// <param name="LinkPorts">One for each NIC on a link.</param>
public sealed record QemuLaunch(
    LabName Lab,
    StartedVm Vm,
    Accelerator Accelerator,
    Architecture HostArchitecture,
    VmPaths Paths,
    GuestImage Image,
    string? ShareFolder,
    ImmutableDictionary<NicId, LinkPort> LinkPorts)
{
    /// <summary>The file that trace events go to, once they are switched on; null where there is no place for them.</summary>
    public string? TraceLog { get; init; }

    /// <summary>The plugin with the custom PCI devices, built for exactly this QEMU; null for a machine without them.</summary>
    public string? PciPlugin { get; init; }

    /// <summary>What is in the machine's root ports from the start, as if it had been plugged in.</summary>
    public ImmutableArray<PluggedLaunch> Plugged { get; init; } = [];

    /// <summary>The tag of the snapshot that the machine goes on from; null for a machine that boots.</summary>
    public string? LoadSnapshot { get; init; }

    /// <summary>Whether the vCPUs wait until they are told to run.</summary>
    public bool Paused { get; init; }
}

/// <summary>A device in a root port. The same ids and the same place as when it was plugged in: a snapshot finds its devices by them.</summary>
/// <param name="Id">Its qdev id.</param>
/// <param name="Port">The root port's.</param>
public abstract record PluggedLaunch(string Id, string Port)
{
    /// <param name="Driver"><c>virtio-blk-pci</c>, <c>nvme</c>, or <c>scsi-hd</c> behind a controller.</param>
    /// <param name="File">A qcow2 file.</param>
    /// <param name="Serial">As the guest sees it.</param>
    /// <param name="Controller">The id of the SCSI controller; null for what is none.</param>
    public sealed record Disk(string Id, string Port, string Driver, string File, string Serial, string? Controller) : PluggedLaunch(Id, Port);

    /// <param name="Driver">A type that a plugin brings along.</param>
    /// <param name="Chardev">The id of the character device that it talks to; null for what talks to none.</param>
    /// <param name="Socket">Where that one listens.</param>
    public sealed record Custom(string Id, string Port, string Driver, ImmutableSortedDictionary<string, string> Properties, string? Chardev, string? Socket)
        : PluggedLaunch(Id, Port);

    /// <param name="Driver"><c>virtio-net-pci</c> or <c>e1000e</c>.</param>
    /// <param name="LinkPort">Null for the user-mode network.</param>
    public sealed record Nic(string Id, string Port, string Driver, string Netdev, string Mac, LinkPort? LinkPort) : PluggedLaunch(Id, Port);
}

/// <param name="Kernel">Absolute path: an ELF vmlinux (PVH) or bzImage for x86_64, an Image for aarch64.</param>
/// <param name="Initrd">Absolute path.</param>
public sealed record GuestImage(string Kernel, string Initrd);

/// <summary>Where a NIC is plugged into its link, on the host's side.</summary>
/// <param name="Name">Unique in the lab.</param>
/// <param name="MtuBytes">Of the link; the guest's interface gets the same.</param>
public abstract record LinkPort(string Name, int MtuBytes);

/// <param name="Name">Of a tap that the user who runs QEMU owns, made before QEMU starts.</param>
public sealed record TapPort(string Name, int MtuBytes) : LinkPort(Name, MtuBytes);

/// <summary>Two UDP ports of loopback, a frame a datagram.</summary>
/// <param name="Name">As the tap would be called.</param>
/// <param name="VmUdpPort">QEMU's.</param>
/// <param name="RelayUdpPort">The relay's, for this NIC alone.</param>
public sealed record RelayPort(string Name, int MtuBytes, int VmUdpPort, int RelayUdpPort) : LinkPort(Name, MtuBytes)
{
    /// <summary>Both are reached from this machine alone.</summary>
    public const string Host = "127.0.0.1";
}
