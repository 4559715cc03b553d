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
/// <param name="Taps">One for each NIC on a link.</param>
public sealed record QemuLaunch(
    LabName Lab,
    StartedVm Vm,
    Accelerator Accelerator,
    Architecture HostArchitecture,
    VmPaths Paths,
    GuestImage Image,
    string? ShareFolder,
    ImmutableDictionary<NicId, TapPort> Taps)
{
    /// <summary>The file that trace events go to, once they are switched on; null where there is no place for them.</summary>
    public string? TraceLog { get; init; }
}

/// <param name="Kernel">Absolute path: an ELF vmlinux (PVH) or bzImage for x86_64, an Image for aarch64.</param>
/// <param name="Initrd">Absolute path.</param>
public sealed record GuestImage(string Kernel, string Initrd);

/// <param name="Name">Of a tap that the user who runs QEMU owns, made before QEMU starts.</param>
/// <param name="MtuBytes">Of the link; the guest's interface gets the same.</param>
public sealed record TapPort(string Name, int MtuBytes);
