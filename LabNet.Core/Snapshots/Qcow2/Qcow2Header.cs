using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>Where an L1 table lies: entries of 8 bytes, one for each L2 table.</summary>
internal readonly record struct Qcow2L1(long Offset, int Entries);

/// <summary>The first cluster of a qcow2 file (QEMU's docs/interop/qcow2.txt, "Header" and "Header extensions"), checked.</summary>
/// <param name="DiskBytes">What the guest sees.</param>
/// <param name="BackingFile">As written in the file: relative to it, or absolute, or a <c>json:</c> or protocol name.</param>
/// <param name="BackingFormat"><c>qcow2</c>, <c>raw</c> …; null where the file does not say.</param>
/// <param name="UsesZstd">How clusters are compressed: else by zlib.</param>
internal sealed record Qcow2Header(
    int Version,
    int ClusterBits,
    long DiskBytes,
    Qcow2L1 ActiveL1,
    int SnapshotCount,
    long SnapshotsOffset,
    string? BackingFile,
    string? BackingFormat,
    bool UsesZstd)
{
    /// <summary>QEMU's limits (block/qcow2.h): a file beyond them was not made by it, and would make us read or keep too much.</summary>
    private const int SnapshotsMax = 65_536;
    private const int L1EntriesMax = (32 << 20) / sizeof(ulong);
    private const int ClusterBitsMin = 9;
    private const int ClusterBitsMax = 21;
    private const uint BackingFileBytesMax = 1023;

    private const uint Magic = 0x5146_49fb;
    private const int HeaderBytesV2 = 72;
    private const int HeaderBytesV3Min = 104;
    private const int CompressionTypeOffset = 104;
    private const uint BackingFormatExtension = 0xe279_2aca;

    private const ulong CorruptBit = 1 << 1;
    private const ulong ExternalDataBit = 1 << 2;
    private const ulong CompressionTypeBit = 1 << 3;
    private const ulong ExtendedL2Bit = 1 << 4;
    private const ulong KnownBits = 0b1_1111;

    public int ClusterBytes => 1 << ClusterBits;

    /// <summary>How many bytes of the guest one L1 entry stands for, as a power of two.</summary>
    public int L1ReachBits => ClusterBits + ClusterBits - 3;

    /// <exception cref="Qcow2Exception"/>
    public static Qcow2Header Read(Qcow2File file)
    {
        Span<byte> first = stackalloc byte[HeaderBytesV3Min + 8];
        first = first[..file.Read(first, 0)];
        if (first.Length < HeaderBytesV2 || BinaryPrimitives.ReadUInt32BigEndian(first) != Magic)
        {
            throw Broken(file, "it is no qcow2 file");
        }

        var version = (int)BinaryPrimitives.ReadUInt32BigEndian(first[4..]);
        if (version is not (2 or 3) || (version == 3 && first.Length < HeaderBytesV3Min))
        {
            throw Broken(file, $"its version is {version}, and only 2 and 3 are known");
        }

        var clusterBits = BinaryPrimitives.ReadUInt32BigEndian(first[20..]);
        if (clusterBits is < ClusterBitsMin or > ClusterBitsMax)
        {
            throw Broken(file, $"its clusters have 2^{clusterBits} bytes, and 2^{ClusterBitsMin} to 2^{ClusterBitsMax} are allowed");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(first[32..]) != 0)
        {
            throw Broken(file, "it is encrypted, and encrypted images are not read");
        }

        var (headerBytes, usesZstd) = version == 3 ? CheckVersion3(file, first, 1 << (int)clusterBits) : (HeaderBytesV2, false);
        var (backingFile, backingFormat) = ReadBacking(file, first, headerBytes, 1 << (int)clusterBits);
        var header = new Qcow2Header(
            version,
            (int)clusterBits,
            BinaryPrimitives.ReadInt64BigEndian(first[24..]),
            new Qcow2L1(BinaryPrimitives.ReadInt64BigEndian(first[40..]), Bounded(file, BinaryPrimitives.ReadUInt32BigEndian(first[36..]), L1EntriesMax, "L1 entries")),
            Bounded(file, BinaryPrimitives.ReadUInt32BigEndian(first[60..]), SnapshotsMax, "snapshots"),
            BinaryPrimitives.ReadInt64BigEndian(first[64..]),
            backingFile,
            backingFormat,
            usesZstd);
        header.CheckL1(file, header.ActiveL1, header.DiskBytes, "its L1 table");
        if (header.ActiveL1.Entries < header.L1EntriesOf(header.DiskBytes))
        {
            throw Broken(file, $"its L1 table has {header.ActiveL1.Entries} entries, and the disk needs {header.L1EntriesOf(header.DiskBytes)}");
        }

        if (header.SnapshotCount > 0)
        {
            header.CheckOffset(file, header.SnapshotsOffset, "its table of snapshots");
        }

        return header;
    }

    /// <summary>How many clusters a disk of that size has; the last one may reach beyond its end.</summary>
    public long ClustersOf(long diskBytes) => (diskBytes >> ClusterBits) + ((diskBytes & (ClusterBytes - 1)) == 0 ? 0 : 1);

    /// <summary>The number of L1 entries that a disk of that size needs; what comes behind describes the machine's state (qcow2_vm_state_offset in QEMU).</summary>
    public long L1EntriesOf(long diskBytes) => (ClustersOf(diskBytes) + (ClusterBytes / sizeof(ulong)) - 1) / (ClusterBytes / sizeof(ulong));

    /// <exception cref="Qcow2Exception">The table cannot be one of this file.</exception>
    public void CheckL1(Qcow2File file, Qcow2L1 table, long diskBytes, string what)
    {
        if (diskBytes < 0 || L1EntriesOf(diskBytes) > L1EntriesMax)
        {
            throw Broken(file, $"a disk of {(ulong)diskBytes} bytes is more than its L1 table could describe");
        }

        Bounded(file, (uint)table.Entries, L1EntriesMax, "L1 entries");
        CheckOffset(file, table.Offset, what);
    }

    /// <exception cref="Qcow2Exception">It is no place of a cluster.</exception>
    public void CheckOffset(Qcow2File file, long offset, string what)
    {
        if ((ulong)offset > Qcow2Entry.OffsetMask || (offset & (ClusterBytes - 1)) != 0)
        {
            throw Broken(file, $"{what} lies at {(ulong)offset}, which is no place of a cluster of {ClusterBytes} bytes");
        }
    }

    private static (int HeaderBytes, bool UsesZstd) CheckVersion3(Qcow2File file, ReadOnlySpan<byte> first, int clusterBytes)
    {
        var features = BinaryPrimitives.ReadUInt64BigEndian(first[72..]);
        var refusal = features switch
        {
            _ when (features & ~KnownBits) != 0 => $"it uses features that are not known here (bits {features & ~KnownBits:x})",
            _ when (features & CorruptBit) != 0 => "QEMU has marked it as damaged: qemu-img check -r all repairs it",
            _ when (features & ExternalDataBit) != 0 => "its data lie in another file, and such images are not read (they have no snapshots)",
            _ when (features & ExtendedL2Bit) != 0 => "it has extended L2 entries (subclusters), and such images are not read",
            _ => null,
        };
        var headerBytes = BinaryPrimitives.ReadUInt32BigEndian(first[100..]);
        if (refusal is null && (headerBytes < HeaderBytesV3Min || headerBytes > clusterBytes || headerBytes % 8 != 0))
        {
            refusal = $"its header claims a length of {headerBytes} bytes";
        }

        var usesZstd = (features & CompressionTypeBit) != 0;
        if (usesZstd && (headerBytes <= CompressionTypeOffset || first.Length <= CompressionTypeOffset || first[CompressionTypeOffset] != 1))
        {
            refusal ??= "it is compressed in a way that is not known here";
        }

        return refusal is null ? ((int)headerBytes, usesZstd) : throw Broken(file, refusal);
    }

    private static (string? File, string? Format) ReadBacking(Qcow2File file, ReadOnlySpan<byte> first, int headerBytes, int clusterBytes)
    {
        var nameOffset = BinaryPrimitives.ReadUInt64BigEndian(first[8..]);
        if (nameOffset == 0)
        {
            return (null, null);
        }

        var nameBytes = BinaryPrimitives.ReadUInt32BigEndian(first[16..]);
        if (nameBytes > BackingFileBytesMax || nameOffset < (ulong)headerBytes || nameOffset > (ulong)clusterBytes - nameBytes)
        {
            throw Broken(file, "the name of its backing file does not lie in its first cluster");
        }

        var cluster = new byte[(int)nameOffset + (int)nameBytes];
        file.ReadAll(cluster, 0, "the name of the backing file");
        return (Encoding.UTF8.GetString(cluster.AsSpan((int)nameOffset)), BackingFormatIn(cluster.AsSpan(headerBytes, (int)nameOffset - headerBytes)));
    }

    /// <summary>Extensions: type and length (4 bytes each), then the data, padded to 8 bytes; type 0 ends them.</summary>
    private static string? BackingFormatIn(ReadOnlySpan<byte> extensions)
    {
        while (extensions.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(extensions) is not 0 and var type)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(extensions[4..]);
            extensions = extensions[8..];
            if (length > (uint)extensions.Length)
            {
                return null;
            }

            if (type == BackingFormatExtension)
            {
                return Encoding.UTF8.GetString(extensions[..(int)length]);
            }

            extensions = extensions[(int)Math.Min((length + 7L) & ~7L, extensions.Length)..];
        }

        return null;
    }

    private static int Bounded(Qcow2File file, uint value, int most, string what) =>
        value <= most ? (int)value : throw Broken(file, $"it claims {value} {what}, and QEMU allows {most}");

    private static Qcow2Exception Broken(Qcow2File file, string why) => new($"{file.Name} cannot be read: {why}.");
}
