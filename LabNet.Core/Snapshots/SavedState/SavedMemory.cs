using System.IO.Hashing;

namespace LabNet.Core.Snapshots;

/// <summary>One block of the guest's memory, known by a hash of each page.</summary>
/// <remarks>Hashes are of this process alone: they begin with a number drawn at its start, so that no guest can make pages of one hash.</remarks>
public sealed class SavedMemory
{
    /// <summary>Hashes of 16 MiB are kept together, as soon as one page of these is there.</summary>
    private const int ChunkPages = 4096;

    private const ulong NotSaved = 0;

    private static readonly long Seed = Random.Shared.NextInt64();

    private readonly ulong[]?[] _chunks;
    private readonly ulong _zeroHash;

    internal SavedMemory(string name, long bytes, int pageBytes)
    {
        (Name, Bytes, PageBytes) = (name, bytes, pageBytes);
        _chunks = new ulong[]?[(PageCount + ChunkPages - 1) / ChunkPages];
        _zeroHash = HashOf(new byte[pageBytes]);
    }

    /// <summary>QEMU's name for it: <c>pc.ram</c>, <c>mach-virt.ram</c>, <c>0000:00:02.0/vga.vram</c>.</summary>
    public string Name { get; }

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    public int PageBytes { get; }

    /// <summary>All pages, saved or not.</summary>
    public long PageCount => (Bytes + PageBytes - 1) / PageBytes;

    /// <summary>Pages that the state has.</summary>
    public long SavedPages { get; private set; }

    /// <summary>Those of them that hold zeros only.</summary>
    public long ZeroPages { get; private set; }

    /// <summary>The hash of a page (XxHash3 of 64 bits); null if the state does not have it.</summary>
    /// <param name="page">From 0.</param>
    public ulong? this[long page] => At(page) is not NotSaved and var hash ? hash : null;

    /// <summary>Where the pages differ, in bytes from the block's beginning, neighbours joined.</summary>
    /// <param name="other">A block with pages as large.</param>
    /// <param name="cancellationToken">Stop comparing.</param>
    public IReadOnlyList<ByteRange> ChangedRanges(SavedMemory other, CancellationToken cancellationToken)
    {
        List<ByteRange> ranges = [];
        var pages = Math.Max(PageCount, other.PageCount);
        for (long page = 0; page < pages; page++)
        {
            if (page % ChunkPages == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (At(page) == other.At(page))
            {
                continue;
            }

            var offset = page * PageBytes;
            if (ranges is [.., var last] && last.Offset + last.Length == offset)
            {
                ranges[^1] = last with { Length = last.Length + PageBytes };
            }
            else
            {
                ranges.Add(new ByteRange(offset, PageBytes));
            }
        }

        return ranges;
    }

    /// <summary>A page can come again: the last one counts.</summary>
    internal void Save(long page, ReadOnlySpan<byte> content) => Save(page, HashOf(content));

    internal void SaveZeros(long page) => Save(page, _zeroHash);

    private void Save(long page, ulong hash)
    {
        ref var place = ref (_chunks[page / ChunkPages] ??= new ulong[ChunkPages])[page % ChunkPages];
        SavedPages += place == NotSaved ? 1 : 0;
        ZeroPages += (hash == _zeroHash ? 1 : 0) - (place == _zeroHash ? 1 : 0);
        place = hash;
    }

    private ulong At(long page) => page < PageCount && _chunks[page / ChunkPages] is { } chunk ? chunk[page % ChunkPages] : NotSaved;

    private static ulong HashOf(ReadOnlySpan<byte> content) => Math.Max(XxHash3.HashToUInt64(content, Seed), NotSaved + 1);
}
