using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>
/// The names of inodes, found by walking the directories from the root. A directory's blocks hold entries: inode (4 bytes), their length (2), the
/// name's length and a kind (1 each), the name. Blocks of a directory's index look like entries without an inode.
/// </summary>
internal sealed class Ext4Names
{
    private const uint Root = 2;
    private const int HeadBytes = 8;

    /// <summary>What is kept and read of one file system; names behind that are not known.</summary>
    private const int NamesMax = 1 << 20;
    private const long BytesMax = 1 << 30;
    private const int DepthMax = 256;

    private readonly Dictionary<uint, (uint Parent, string Name)> _names = [];

    public IEnumerable<uint> Inodes => _names.Keys;

    public static Ext4Names Read(Qcow2Disk disk, Ext4Geometry geometry, IReadOnlyDictionary<uint, IReadOnlyList<Ext4Extent>> directories, CancellationToken cancellationToken)
    {
        var names = new Ext4Names();
        names._names.Add(Root, (Root, ""));
        var waiting = new Queue<uint>([Root]);
        var block = new byte[geometry.BlockBytes];
        long blocks = 0;
        while (waiting.TryDequeue(out var directory))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var extent in directories.GetValueOrDefault(directory, []))
            {
                for (var at = extent.Block; at < Math.Min(extent.Block + extent.Length, geometry.Blocks) && blocks < BytesMax >> geometry.BlockBits; at++, blocks++)
                {
                    disk.Read(block, at << geometry.BlockBits);
                    names.AddEntries(block, directory, directories, waiting);
                }
            }
        }

        return names;
    }

    /// <summary>From the root, with slashes; null if the inode has no name. It is the guest's text.</summary>
    public string? PathOf(uint inode)
    {
        if (inode == Root)
        {
            return "/";
        }

        List<string> parts = [];
        for (; inode != Root; inode = _names[inode].Parent)
        {
            if (parts.Count == DepthMax || !_names.TryGetValue(inode, out var name))
            {
                return null;
            }

            parts.Add(name.Name);
        }

        parts.Reverse();
        return "/" + string.Join('/', parts);
    }

    private void AddEntries(ReadOnlySpan<byte> block, uint directory, IReadOnlyDictionary<uint, IReadOnlyList<Ext4Extent>> directories, Queue<uint> waiting)
    {
        while (block.Length >= HeadBytes)
        {
            var inode = BinaryPrimitives.ReadUInt32LittleEndian(block);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(block[4..]);
            if (length < HeadBytes || length > block.Length || block[6] > length - HeadBytes)
            {
                return;
            }

            var name = block.Slice(HeadBytes, block[6]);
            if (inode != 0 && !name.IsEmpty && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)
                && _names.Count < NamesMax && _names.TryAdd(inode, (directory, Encoding.UTF8.GetString(name))) && directories.ContainsKey(inode))
            {
                waiting.Enqueue(inode);
            }

            block = block[length..];
        }
    }
}
