namespace LabNet.Core.Labs;

/// <summary>What a lab file may ask for. infra/labs/lab.schema.json says the same; a test compares them.</summary>
public static class LabLimits
{
    public const long MiB = 1024 * 1024;

    /// <summary>Below this the guest's kernel and initramfs do not unpack.</summary>
    public const long MemoryBytesMin = 64 * MiB;

    /// <summary>Above this a slip of the unit is likelier than a wish, and one VM would push a whole host into swap.</summary>
    public const long MemoryBytesMax = 256 * 1024 * MiB;

    public const long MemoryBytesDefault = 512 * MiB;

    /// <summary>Under TCG each vCPU is a thread of the host; virt and q35 of QEMU 7.2 take more.</summary>
    public const int CpusMax = 64;

    /// <summary>As many as have a fixed PCI address (<see cref="PciSlots"/>).</summary>
    public const int NicsMax = 8;

    /// <summary>So many NICs can be plugged into each link while a VM runs: making a tap needs root, and LabNet may have none then.</summary>
    public const int SpareTaps = 2;

    /// <summary>A VXLAN network identifier has 24 bits (RFC 7348 § 5); 0 is kept out, as some implementations treat it as "none".</summary>
    public const int VniMax = 0xffffff;

    /// <summary>Assigned to VXLAN (RFC 7348 § 8). Linux's own default, 8472, is older and not spoken by others.</summary>
    public const int VxlanPort = 4789;

    /// <summary>Of a link by the relay: what VXLAN leaves of an Ethernet's 1,500 bytes, so that a lab is the same by either.</summary>
    public const int RelayMtuBytes = 1450;

    /// <summary>Of a namespace's underlay address that is written without one.</summary>
    public const int UnderlayPrefixLength = 24;
}
