using System.Buffers.Binary;

namespace LabNet.Core.Snapshots;

/// <summary>Which block of an ext4 file system belongs to which inode, and how that is named, in one state of a disk.</summary>
/// <remarks>All that is read is the guest's: counts are bounded, what leads nowhere is left out, and what has no owner here is of none.</remarks>
internal sealed class Ext4Layout
{
    /// <summary>Numbers that no inode has: for the file system's own blocks.</summary>
    public const uint InodeTables = 0;
    public const uint OtherTables = uint.MaxValue;

    private const int ModeOffset = 0;
    private const int LinksOffset = 26;
    private const int FlagsOffset = 32;
    private const int BlocksOffset = 40;
    private const int BlocksBytes = 60;
    private const uint HasExtents = 0x8_0000;
    private const int KindMask = 0xf000;
    private const int Directory = 0x4000;

    private readonly Ext4Extent[] _extents;

    private Ext4Layout(Ext4Geometry geometry, Ext4Extent[] extents, Ext4Names names)
    {
        Geometry = geometry;
        _extents = extents;
        Names = names;
    }

    public Ext4Geometry Geometry { get; }

    public Ext4Names Names { get; }

    /// <exception cref="Ext4Exception">There is none that is read here.</exception>
    /// <exception cref="Qcow2Exception"/>
    /// <exception cref="OperationCanceledException"/>
    public static Ext4Layout Read(Qcow2Disk disk, CancellationToken cancellationToken)
    {
        var geometry = new Ext4Geometry(disk);
        var extents = new Ext4Extents(disk, geometry);
        var directories = new Dictionary<uint, IReadOnlyList<Ext4Extent>>();
        extents.Add(new Ext4Extent(0, geometry.DescriptorBlock + geometry.DescriptorBlocks, OtherTables));
        for (long group = 0; group < geometry.Groups; group++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            extents.Add(new Ext4Extent(geometry.BlockBitmap(group), 1, OtherTables));
            extents.Add(new Ext4Extent(geometry.InodeBitmap(group), 1, OtherTables));
            extents.Add(new Ext4Extent(geometry.InodeTable(group), geometry.InodeTableBlocks, InodeTables));
            ReadInodes(disk, geometry, group, extents, directories);
        }

        var sorted = extents.All.ToArray();
        Array.Sort(sorted, static (a, b) => a.Block.CompareTo(b.Block));
        return new Ext4Layout(geometry, sorted, Ext4Names.Read(disk, geometry, directories, cancellationToken));
    }

    /// <summary>The inode that a block belongs to; null for a free one.</summary>
    public uint? OwnerOf(long block)
    {
        var (low, high) = (0, _extents.Length);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = _extents[middle].Block <= block ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && _extents[low - 1] is var extent && block < extent.Block + extent.Length ? extent.Inode : null;
    }

    private static void ReadInodes(Qcow2Disk disk, Ext4Geometry geometry, long group, Ext4Extents extents, Dictionary<uint, IReadOnlyList<Ext4Extent>> directories)
    {
        const int InodesAtOnce = 1024;
        var table = geometry.InodeTable(group);
        if (table <= 0 || table >= geometry.Blocks)
        {
            return;
        }

        var piece = new byte[InodesAtOnce * geometry.InodeBytes];
        var count = geometry.InodesOf(group);
        for (uint first = 0; first < count; first += InodesAtOnce)
        {
            disk.Read(piece, (table << geometry.BlockBits) + ((long)first * geometry.InodeBytes));
            for (uint i = 0; i < Math.Min(InodesAtOnce, count - first); i++)
            {
                ReadOnlySpan<byte> inode = piece.AsSpan((int)i * geometry.InodeBytes, geometry.InodeBytes);
                var mode = BinaryPrimitives.ReadUInt16LittleEndian(inode[ModeOffset..]);
                if (mode == 0 || BinaryPrimitives.ReadUInt16LittleEndian(inode[LinksOffset..]) == 0
                    || (BinaryPrimitives.ReadUInt32LittleEndian(inode[FlagsOffset..]) & HasExtents) == 0)
                {
                    continue;
                }

                var number = (uint)((group * geometry.InodesPerGroup) + first + i + 1);
                var data = extents.Add(inode.Slice(BlocksOffset, BlocksBytes), number);
                if ((mode & KindMask) == Directory)
                {
                    directories[number] = data;
                }
            }
        }
    }
}
