using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LabNet.Core.Snapshots;

/// <summary>
/// Compares two states by their tables alone. A cluster that a snapshot holds is never written in place (QEMU copies it first), so that equal
/// entries mean equal bytes, and L2 tables that both share need not be read.
/// </summary>
internal sealed class Qcow2Comparison(Qcow2File file, Qcow2Header header)
{
    /// <summary>
    /// Against files made to keep us busy: the tables of the largest disk with clusters of 64 KiB that we would meet, 16 TiB, have 2 GiB.
    /// </summary>
    private const long TableBytesMax = 4L << 30;

    /// <summary>What we keep of a difference: 64 MiB.</summary>
    private const int RangesMax = 4 << 20;

    private static readonly ulong CopiedBitAsStored = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(Qcow2Entry.CopiedBit) : Qcow2Entry.CopiedBit;

    private readonly int _perTable = header.ClusterBytes / sizeof(ulong);
    private readonly List<ByteRange> _ranges = [];
    private long _tableBytes;
    private long _rewritten;
    private long _allocated;
    private long _freed;

    /// <exception cref="Qcow2Exception"/>
    /// <exception cref="OperationCanceledException"/>
    public Qcow2Difference Run((Qcow2L1 L1, long DiskBytes) before, (Qcow2L1 L1, long DiskBytes) after, CancellationToken cancellationToken)
    {
        var (l1Before, l1After) = (Qcow2Map.ReadL1(file, before.L1), Qcow2Map.ReadL1(file, after.L1));
        var (tableBefore, tableAfter) = (new ulong[_perTable], new ulong[_perTable]);
        var (clustersBefore, clustersAfter) = (header.ClustersOf(before.DiskBytes), header.ClustersOf(after.DiskBytes));
        var clusters = Math.Max(clustersBefore, clustersAfter);
        for (long first = 0; first < clusters; first += _perTable)
        {
            // Behind the disk's last cluster lies the machine's state, which is no disk; its first cluster has an L1 entry of its own.
            var (validBefore, validAfter) = (Valid(clustersBefore, first), Valid(clustersAfter, first));
            var (offsetBefore, offsetAfter) = (OffsetAt(l1Before, first, validBefore), OffsetAt(l1After, first, validAfter));
            if (offsetBefore == offsetAfter && (validBefore == validAfter || offsetBefore == 0))
            {
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            ReadTable(tableBefore, offsetBefore, validBefore);
            ReadTable(tableAfter, offsetAfter, validAfter);
            Compare(tableBefore, tableAfter, first);
        }

        var end = Math.Max(before.DiskBytes, after.DiskBytes);
        if (_ranges is [.., var last] && last.Offset + last.Length > end)
        {
            _ranges[^1] = last with { Length = end - last.Offset };
        }

        return new Qcow2Difference(header.ClusterBytes, before.DiskBytes, after.DiskBytes, _rewritten, _allocated, _freed, _ranges);
    }

    private int Valid(long clusters, long first) => (int)Math.Clamp(clusters - first, 0, _perTable);

    private long OffsetAt(ulong[] l1, long firstCluster, int valid) =>
        valid > 0 && firstCluster / _perTable is var index && index < l1.Length ? (long)l1[index] : 0;

    private void ReadTable(ulong[] table, long offset, int valid)
    {
        if (offset == 0)
        {
            Array.Clear(table);
            return;
        }

        header.CheckOffset(file, offset, "an L2 table");
        _tableBytes += header.ClusterBytes;
        if (_tableBytes > TableBytesMax)
        {
            throw new Qcow2Exception($"{file.Name} is not compared: its tables have more than {TableBytesMax >> 30} GiB.");
        }

        file.ReadAll(MemoryMarshal.AsBytes(table.AsSpan()), offset, "an L2 table");
        table.AsSpan(valid).Clear();
    }

    /// <summary>The entries as they are stored: most are equal, and need not be turned round.</summary>
    private void Compare(ReadOnlySpan<ulong> before, ReadOnlySpan<ulong> after, long first)
    {
        for (var i = 0; i < before.Length; i++)
        {
            if (((before[i] ^ after[i]) & ~CopiedBitAsStored) != 0)
            {
                Note(first + i, SourceOf(before[i]), SourceOf(after[i]));
            }
        }
    }

    private Qcow2Source SourceOf(ulong stored)
    {
        var source = new Qcow2Entry(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(stored) : stored).Source;
        return source == Qcow2Source.Backing && header.BackingFile is null ? Qcow2Source.Zeros : source;
    }

    private void Note(long cluster, Qcow2Source before, Qcow2Source after)
    {
        switch (HasData(before), HasData(after))
        {
            case (true, true):
                _rewritten++;
                break;
            case (false, true):
                _allocated++;
                break;
            case (true, false):
                _freed++;
                break;
            // Zeros that have a cluster reserved, or an entry of their own, read as those that have none.
            case (false, false) when before == after:
                return;
            default:
                _freed++;
                break;
        }

        var offset = cluster << header.ClusterBits;
        if (_ranges is [.., var last] && last.Offset + last.Length == offset)
        {
            _ranges[^1] = last with { Length = last.Length + header.ClusterBytes };
        }
        else if (_ranges.Count < RangesMax)
        {
            _ranges.Add(new ByteRange(offset, header.ClusterBytes));
        }
        else
        {
            throw new Qcow2Exception($"{file.Name} is not compared: it changed in more than {RangesMax} places.");
        }
    }

    private static bool HasData(Qcow2Source source) => source is Qcow2Source.Data or Qcow2Source.Compressed;
}
