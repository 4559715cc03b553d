using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>An internal snapshot, as the table in the qcow2 file has it (QEMU's docs/interop/qcow2.txt, "Snapshots").</summary>
/// <param name="Id">QEMU's own number for it, as text; another snapshot may get it later.</param>
/// <param name="Tag">The name that QEMU's commands take. Somebody else's text, unless LabNet made it.</param>
/// <param name="DateSeconds">When it was taken, seconds since 1970, UTC.</param>
/// <param name="DateNanoseconds">The part of a second behind that.</param>
/// <param name="VmClockNs">How long the guest had run, ns.</param>
/// <param name="VmStateBytes">The size of the machine's state; 0 where the snapshot has the disk only.</param>
/// <param name="DiskBytes">The size of the disk at that time.</param>
public sealed record Qcow2Snapshot(
    string Id, string Tag, uint DateSeconds, uint DateNanoseconds, ulong VmClockNs, long VmStateBytes, long DiskBytes)
{
    /// <summary>QEMU's limits (block/qcow2.h).</summary>
    private const int TableBytesMax = 64 << 20;
    private const int ExtraBytesMax = 1024;

    private const int FixedBytes = 40;
    private const int ExtraWithStateBytes = 8;
    private const int ExtraWithDiskBytes = 16;

    internal Qcow2L1 L1 { get; init; }

    /// <exception cref="Qcow2Exception"/>
    internal static IReadOnlyList<Qcow2Snapshot> ReadTable(Qcow2File file, Qcow2Header header)
    {
        List<Qcow2Snapshot> snapshots = [];
        Span<byte> start = stackalloc byte[FixedBytes];
        for (long offset = 0; snapshots.Count < header.SnapshotCount;)
        {
            file.ReadAll(start, header.SnapshotsOffset + offset, "an entry of the snapshot table");
            var extraBytes = BinaryPrimitives.ReadUInt32BigEndian(start[36..]);
            var idBytes = BinaryPrimitives.ReadUInt16BigEndian(start[12..]);
            var tagBytes = BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
            var bytes = FixedBytes + (long)extraBytes + idBytes + tagBytes;
            if (extraBytes > ExtraBytesMax || offset + bytes > TableBytesMax)
            {
                throw new Qcow2Exception($"{file.Name} cannot be read: the entry of snapshot {snapshots.Count + 1} is longer than QEMU allows.");
            }

            var rest = new byte[extraBytes + idBytes + tagBytes];
            file.ReadAll(rest, header.SnapshotsOffset + offset + FixedBytes, "an entry of the snapshot table");
            var snapshot = Parse(start, rest.AsSpan(0, (int)extraBytes), header) with
            {
                Id = Encoding.UTF8.GetString(rest, (int)extraBytes, idBytes),
                Tag = Encoding.UTF8.GetString(rest, (int)extraBytes + idBytes, tagBytes),
            };
            header.CheckL1(file, snapshot.L1, snapshot.DiskBytes, "a snapshot's L1 table");
            snapshots.Add(snapshot);
            offset += (bytes + 7) & ~7L;
        }

        return snapshots;
    }

    private static Qcow2Snapshot Parse(ReadOnlySpan<byte> start, ReadOnlySpan<byte> extra, Qcow2Header header) => new(
        Id: "",
        Tag: "",
        DateSeconds: BinaryPrimitives.ReadUInt32BigEndian(start[16..]),
        DateNanoseconds: BinaryPrimitives.ReadUInt32BigEndian(start[20..]),
        VmClockNs: BinaryPrimitives.ReadUInt64BigEndian(start[24..]),
        VmStateBytes: extra.Length >= ExtraWithStateBytes ? BinaryPrimitives.ReadInt64BigEndian(extra) : BinaryPrimitives.ReadUInt32BigEndian(start[32..]),
        DiskBytes: extra.Length >= ExtraWithDiskBytes ? BinaryPrimitives.ReadInt64BigEndian(extra[8..]) : header.DiskBytes)
    {
        // An entry count beyond int is negative here, and refused with the others that are too large.
        L1 = new Qcow2L1(BinaryPrimitives.ReadInt64BigEndian(start), (int)BinaryPrimitives.ReadUInt32BigEndian(start[8..])),
    };
}
