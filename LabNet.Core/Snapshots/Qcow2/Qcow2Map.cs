using System.Buffers.Binary;

namespace LabNet.Core.Snapshots;

/// <summary>The two steps from a cluster of the guest to its place in the file, for one state of the disk.</summary>
/// <remarks>Keeps the L2 tables that it has read, up to 16 MiB of them. Not thread-safe.</remarks>
internal sealed class Qcow2Map(Qcow2File file, Qcow2Header header, Qcow2L1 l1)
{
    private const int KeptBytesMax = 16 << 20;

    private readonly ulong[] _l1 = ReadL1(file, l1);
    private readonly Dictionary<long, byte[]> _tables = [];

    /// <summary>The entries of an L1 table, the offsets of L2 tables alone; 0 where there is no table.</summary>
    /// <exception cref="Qcow2Exception"/>
    public static ulong[] ReadL1(Qcow2File file, Qcow2L1 l1)
    {
        var bytes = new byte[l1.Entries * sizeof(ulong)];
        file.ReadAll(bytes, l1.Offset, "an L1 table");
        var entries = new ulong[l1.Entries];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * sizeof(ulong))) & Qcow2Entry.OffsetMask;
        }

        return entries;
    }

    /// <exception cref="Qcow2Exception">The tables are damaged.</exception>
    public Qcow2Entry this[long cluster]
    {
        get
        {
            var perTable = header.ClusterBytes / sizeof(ulong);
            var index = cluster / perTable;
            if (index >= _l1.Length || _l1[index] == 0)
            {
                return default;
            }

            var table = TableAt((long)_l1[index]);
            return new Qcow2Entry(BinaryPrimitives.ReadUInt64BigEndian(table.AsSpan((int)(cluster % perTable) * sizeof(ulong))));
        }
    }

    private byte[] TableAt(long offset)
    {
        if (_tables.TryGetValue(offset, out var kept))
        {
            return kept;
        }

        header.CheckOffset(file, offset, "an L2 table");
        if ((long)_tables.Count * header.ClusterBytes >= KeptBytesMax)
        {
            _tables.Clear();
        }

        var table = new byte[header.ClusterBytes];
        file.ReadAll(table, offset, "an L2 table");
        _tables.Add(offset, table);
        return table;
    }
}
