namespace LabNet.Core.Labs;

/// <summary>
/// Where each device sits on pcie.0, function 0, of both architectures. A device keeps its place whatever others a VM has: a snapshot loads
/// only where every device is at the address that it was saved at, and guests name NICs in the order of their addresses. Taken by the
/// machines themselves: 0x0 (host bridge) and, on q35, 0x1f (LPC, SATA, SMBus). Free: 0x1, 0x16 to 0x1e.
/// </summary>
internal static class PciSlots
{
    public const int Serial = 0x2;
    public const int Disk = 0x3;
    public const int Rng = 0x4;
    public const int Balloon = 0x5;
    public const int Share = 0x6;
    public const int Panic = 0x7;

    /// <summary>eth0; the others follow, up to 0xf.</summary>
    public const int FirstNic = 0x8;

    /// <summary>rp1; the others follow.</summary>
    public const int FirstRootPort = 0x10;

    public const int Watchdog = 0x14;

    /// <summary>The SCSI controller that the CD drive hangs on.</summary>
    public const int Cdrom = 0x15;

    /// <summary>Empty, for devices that are plugged in later: pcie.0 itself takes none while the guest runs.</summary>
    public const int RootPorts = 4;
}
