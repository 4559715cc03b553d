namespace LabNet.Core.Snapshots;

/// <summary>Where the guest's reads of a cluster end up.</summary>
internal enum Qcow2Source
{
    /// <summary>The image has no cluster of its own: the backing file is read, or zeros if there is none.</summary>
    Backing,

    Zeros,

    Data,

    Compressed,
}

/// <summary>
/// An entry of an L2 table: what stands for one cluster of the guest. Bit 63 (the cluster has one owner and may be written in place), bit
/// 62 (compressed), bit 0 (zeros), bits 9 to 55 (the cluster's offset in the file).
/// </summary>
internal readonly record struct Qcow2Entry(ulong Bits)
{
    /// <summary>QEMU keeps it right in the active tables only: it says nothing of what is read.</summary>
    public const ulong CopiedBit = 1UL << 63;

    public const ulong OffsetMask = 0x00ff_ffff_ffff_fe00;

    private const ulong CompressedBit = 1UL << 62;
    private const ulong ZeroBit = 1;

    public long Offset => (long)(Bits & OffsetMask);

    public Qcow2Source Source =>
        (Bits & CompressedBit) != 0 ? Qcow2Source.Compressed
        : (Bits & ZeroBit) != 0 ? Qcow2Source.Zeros
        : Offset != 0 ? Qcow2Source.Data
        : Qcow2Source.Backing;
}
