using System.Buffers.Binary;

namespace LabNet.Core.Snapshots;

/// <summary>
/// The superblock (1,024 bytes behind the file system's beginning, little endian) and the group descriptors, as the Linux kernel's
/// Documentation/filesystems/ext4 has them. All of it is the guest's, and checked.
/// </summary>
internal sealed class Ext4Geometry
{
    private const int SuperblockOffset = 1024;
    private const int SuperblockBytes = 1024;
    private const ushort Magic = 0xef53;
    private const uint MetaBlockGroups = 0x10;
    private const uint Is64Bit = 0x80;
    private const int DescriptorBytesUsual = 32;

    /// <summary>What a lab's guest has has a hundredth of that: more only keeps us busy.</summary>
    private const long InodesMax = 4 << 20;
    private const long GroupsMax = 128 << 10;

    private readonly byte[] _descriptors;
    private readonly int _descriptorBytes;

    /// <exception cref="Ext4Exception"/>
    /// <exception cref="Qcow2Exception"/>
    public Ext4Geometry(Qcow2Disk disk)
    {
        Span<byte> super = new byte[SuperblockBytes];
        disk.Read(super, SuperblockOffset);
        if (BinaryPrimitives.ReadUInt16LittleEndian(super[56..]) != Magic)
        {
            throw new Ext4Exception("The disk has no ext4 file system at its beginning.");
        }

        var blockBits = 10 + (long)BinaryPrimitives.ReadUInt32LittleEndian(super[24..]);
        var features = BinaryPrimitives.ReadUInt32LittleEndian(super[96..]);
        InodeBytes = BinaryPrimitives.ReadUInt16LittleEndian(super[88..]);
        InodesPerGroup = BinaryPrimitives.ReadUInt32LittleEndian(super[40..]);
        BlocksPerGroup = BinaryPrimitives.ReadUInt32LittleEndian(super[32..]);
        JournalInode = BinaryPrimitives.ReadUInt32LittleEndian(super[224..]);
        _descriptorBytes = (features & Is64Bit) != 0 ? BinaryPrimitives.ReadUInt16LittleEndian(super[254..]) : DescriptorBytesUsual;
        long firstBlock = BinaryPrimitives.ReadUInt32LittleEndian(super[20..]);
        if (blockBits > 16 || (features & MetaBlockGroups) != 0 || InodeBytes is < 128 or > 1024 || InodesPerGroup == 0
            || BlocksPerGroup == 0 || BlocksPerGroup > 8L << (int)blockBits || firstBlock > 1 || _descriptorBytes is < DescriptorBytesUsual or > 1024)
        {
            throw new Ext4Exception("The disk's ext4 file system has a form that is not read.");
        }

        BlockBits = (int)blockBits;
        Blocks = disk.Bytes >> BlockBits;
        var claimed = BinaryPrimitives.ReadUInt32LittleEndian(super[4..]) | ((features & Is64Bit) != 0 ? (long)BinaryPrimitives.ReadUInt32LittleEndian(super[336..]) << 32 : 0);
        Blocks = Math.Min(Blocks, Math.Max(claimed, 0));
        Groups = (Blocks - firstBlock + BlocksPerGroup - 1) / BlocksPerGroup;
        if (Groups is < 1 or > GroupsMax || Groups * InodesPerGroup > InodesMax)
        {
            throw new Ext4Exception($"The disk's ext4 file system claims {Groups} groups with {InodesPerGroup} inodes each, which is not read.");
        }

        DescriptorBlock = firstBlock + 1;
        _descriptors = new byte[Groups * _descriptorBytes];
        disk.Read(_descriptors, DescriptorBlock << BlockBits);
    }

    public int BlockBits { get; }

    public int BlockBytes => 1 << BlockBits;

    public long Blocks { get; }

    public long Groups { get; }

    public long BlocksPerGroup { get; }

    public uint InodesPerGroup { get; }

    public int InodeBytes { get; }

    public uint JournalInode { get; }

    public long DescriptorBlock { get; }

    public long DescriptorBlocks => (_descriptors.Length + BlockBytes - 1) >> BlockBits;

    public long InodeTableBlocks => ((InodesPerGroup * (long)InodeBytes) + BlockBytes - 1) >> BlockBits;

    public long BlockBitmap(long group) => Place(group, 0, 32);

    public long InodeBitmap(long group) => Place(group, 4, 36);

    public long InodeTable(long group) => Place(group, 8, 40);

    /// <summary>How many inodes of a group can be in use: those at its end may never have been.</summary>
    public uint InodesOf(long group)
    {
        const ushort NoInodes = 1;
        var descriptor = Descriptor(group);
        if ((BinaryPrimitives.ReadUInt16LittleEndian(descriptor[18..]) & NoInodes) != 0)
        {
            return 0;
        }

        var unused = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[28..]) | (IsWide ? (uint)BinaryPrimitives.ReadUInt16LittleEndian(descriptor[50..]) << 16 : 0);
        return unused < InodesPerGroup ? InodesPerGroup - unused : 0;
    }

    private bool IsWide => _descriptorBytes >= 64;

    private long Place(long group, int low, int high) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Descriptor(group)[low..]) | (IsWide ? (long)BinaryPrimitives.ReadUInt16LittleEndian(Descriptor(group)[high..]) << 32 : 0);

    private ReadOnlySpan<byte> Descriptor(long group) => _descriptors.AsSpan((int)group * _descriptorBytes, _descriptorBytes);
}
