using System.Buffers.Binary;

namespace LabNet.Core.Snapshots;

/// <summary>Blocks of a file that lie together.</summary>
internal readonly record struct Ext4Extent(long Block, long Length, uint Inode);

/// <summary>
/// The tree in which an inode keeps its blocks: a head of 12 bytes (magic, entries, their most, depth), then entries of 12 bytes; at depth 0
/// extents (first block of the file, length, place), above it places of further nodes.
/// </summary>
internal sealed class Ext4Extents(Qcow2Disk disk, Ext4Geometry geometry)
{
    private const ushort Magic = 0xf30a;
    private const int EntryBytes = 12;
    private const int DepthMax = 5;

    /// <summary>What is kept of one file system, 96 MiB, and what is read of it.</summary>
    private const int ExtentsMax = 4 << 20;
    private const long NodeBytesMax = 1 << 30;

    /// <summary>A length above that tells of blocks that are reserved and not written.</summary>
    private const int LengthMax = 32768;

    private readonly List<Ext4Extent> _all = [];
    private long _nodeBytes;

    public IReadOnlyList<Ext4Extent> All => _all;

    /// <summary>Adds an inode's extents, and the nodes of its tree; a damaged part is left out.</summary>
    /// <param name="root">The 60 bytes in the inode.</param>
    /// <param name="inode">Whose.</param>
    /// <returns>The extents with data, in the file's order.</returns>
    public IReadOnlyList<Ext4Extent> Add(ReadOnlySpan<byte> root, uint inode)
    {
        List<Ext4Extent> data = [];
        AddNode(root, inode, DepthMax, data);
        return data;
    }

    public void Add(Ext4Extent extent)
    {
        if (extent.Block < 0 || extent.Length <= 0 || extent.Block > geometry.Blocks - extent.Length)
        {
            return;
        }

        if (_all.Count == ExtentsMax)
        {
            throw new Ext4Exception($"The disk's ext4 file system has more than {ExtentsMax} extents.");
        }

        _all.Add(extent);
    }

    private void AddNode(ReadOnlySpan<byte> node, uint inode, int depthMax, List<Ext4Extent> data)
    {
        var depth = BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(node) != Magic || depth > depthMax)
        {
            return;
        }

        var entries = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(node[2..]), (node.Length / EntryBytes) - 1);
        for (var i = 1; i <= entries; i++)
        {
            var entry = node.Slice(i * EntryBytes, EntryBytes);
            if (depth == 0)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
                var extent = new Ext4Extent(
                    BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) << 32),
                    length > LengthMax ? length - LengthMax : length,
                    inode);
                Add(extent);
                data.Add(extent);
            }
            else
            {
                AddInner(BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]) << 32), inode, depth - 1, data);
            }
        }
    }

    private void AddInner(long block, uint inode, int depthMax, List<Ext4Extent> data)
    {
        if (block <= 0 || block >= geometry.Blocks)
        {
            return;
        }

        // A tree never grows so large by itself: nodes that lead to each other would be read for ever.
        _nodeBytes += geometry.BlockBytes;
        if (_nodeBytes > NodeBytesMax)
        {
            throw new Ext4Exception($"The disk's ext4 file system has more than {NodeBytesMax >> 30} GiB of nodes of extents.");
        }

        var node = new byte[geometry.BlockBytes];
        disk.Read(node, block << geometry.BlockBits);
        Add(new Ext4Extent(block, 1, inode));
        AddNode(node, inode, depthMax, data);
    }
}
