using System.Runtime.InteropServices;

namespace LabNet.Core.Snapshots;

/// <summary>Finds the owners of what differs between two states.</summary>
internal sealed class GuestFileComparison(Qcow2Disk before, Qcow2Disk after, Ext4Layout layoutBefore, Ext4Layout layoutAfter)
{
    /// <summary>More than that is not read twice to be compared: a second of reading.</summary>
    private const long ComparedBytesMax = 512 << 20;

    private const int PieceBytes = 1 << 20;
    private const string FreeBlocks = "(free blocks)";

    private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, string> _pathsBefore = [];
    private readonly Dictionary<uint, string> _pathsAfter = [];

    /// <exception cref="Ext4Exception">The file system was made anew in between.</exception>
    /// <exception cref="Qcow2Exception"/>
    /// <exception cref="OperationCanceledException"/>
    public GuestFileDifference Run(IReadOnlyList<ByteRange> changed, CancellationToken cancellationToken)
    {
        var geometry = layoutAfter.Geometry;
        if (layoutBefore.Geometry.BlockBytes != geometry.BlockBytes)
        {
            throw new Ext4Exception("The two states' file systems have blocks of different sizes.");
        }

        var isByBlock = changed.Sum(range => range.Length) <= ComparedBytesMax;
        foreach (var range in changed)
        {
            for (var offset = range.Offset; offset < range.Offset + range.Length; offset += PieceBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Attribute(offset, (int)Math.Min(PieceBytes, range.Offset + range.Length - offset), isByBlock);
            }
        }

        var (namesBefore, namesAfter) = (PathsOf(layoutBefore, _pathsBefore), PathsOf(layoutAfter, _pathsAfter));
        var files = _bytes.Keys.Union(namesBefore.Except(namesAfter)).Union(namesAfter.Except(namesBefore)).Order(StringComparer.Ordinal).Select(path => new GuestFile(
            path,
            !path.StartsWith('/') || namesBefore.Contains(path) == namesAfter.Contains(path) ? GuestFileChange.Changed
                : namesAfter.Contains(path) ? GuestFileChange.Created
                : GuestFileChange.Deleted,
            _bytes.GetValueOrDefault(path)));
        return new GuestFileDifference(geometry.BlockBytes, isByBlock, [.. files]);
    }

    private void Attribute(long offset, int length, bool isByBlock)
    {
        var blockBytes = layoutAfter.Geometry.BlockBytes;

        // A cluster can be smaller than a block: whole blocks are compared.
        var first = offset / blockBytes;
        var blocks = (int)(((offset + length + blockBytes - 1) / blockBytes) - first);
        var (piece, other) = (new byte[blocks * blockBytes], new byte[blocks * blockBytes]);
        if (isByBlock)
        {
            before.Read(piece, first * blockBytes);
            after.Read(other, first * blockBytes);
        }

        for (var i = 0; i < blocks; i++)
        {
            if (!isByBlock || !piece.AsSpan(i * blockBytes, blockBytes).SequenceEqual(other.AsSpan(i * blockBytes, blockBytes)))
            {
                Count(OwnerOf(layoutBefore, _pathsBefore, first + i), OwnerOf(layoutAfter, _pathsAfter, first + i), blockBytes);
            }
        }
    }

    private void Count(string was, string is_, int blockBytes)
    {
        if (is_ != FreeBlocks || was == FreeBlocks)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_bytes, is_, out _) += blockBytes;
        }

        if (was != is_ && was != FreeBlocks)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_bytes, was, out _) += blockBytes;
        }
    }

    private static string OwnerOf(Ext4Layout layout, Dictionary<uint, string> paths, long block) => layout.OwnerOf(block) switch
    {
        null => FreeBlocks,
        Ext4Layout.InodeTables => "(inode tables)",
        Ext4Layout.OtherTables => "(other tables)",
        var inode when inode == layout.Geometry.JournalInode => "(journal)",
        { } inode => PathOf(layout, paths, inode),
    };

    private static string PathOf(Ext4Layout layout, Dictionary<uint, string> paths, uint inode)
    {
        ref var path = ref CollectionsMarshal.GetValueRefOrAddDefault(paths, inode, out _);
        return path ??= layout.Names.PathOf(inode) ?? $"(inode {inode}, without a name)";
    }

    private static HashSet<string> PathsOf(Ext4Layout layout, Dictionary<uint, string> paths) =>
        layout.Names.Inodes.Select(inode => PathOf(layout, paths, inode)).Where(path => path.StartsWith('/')).ToHashSet(StringComparer.Ordinal);
}
