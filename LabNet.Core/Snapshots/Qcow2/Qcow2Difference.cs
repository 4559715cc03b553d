namespace LabNet.Core.Snapshots;

/// <summary>
/// What two states of a disk differ in, by its clusters. A cluster counts as changed when the two states read it from different places: it was
/// written, discarded or zeroed in between, maybe with the bytes that it had. A cluster that is not told of has the same bytes in both.
/// </summary>
/// <param name="ClusterBytes">The unit of the comparison.</param>
/// <param name="DiskBytesBefore">The disk's size before; what lies beyond the smaller of two sizes counts as unallocated there.</param>
/// <param name="DiskBytesAfter">The disk's size after.</param>
/// <param name="Rewritten">Clusters that have data in both, at different places.</param>
/// <param name="Allocated">Clusters that have data only after.</param>
/// <param name="Freed">Clusters that have no data of their own after, and read otherwise than before: discarded, zeroed, or the backing file's again.</param>
/// <param name="Ranges">The changed clusters in the disk's order, neighbours joined; the last one ends with the disk.</param>
public sealed record Qcow2Difference(
    int ClusterBytes, long DiskBytesBefore, long DiskBytesAfter, long Rewritten, long Allocated, long Freed, IReadOnlyList<ByteRange> Ranges)
{
    /// <summary>All clusters that changed.</summary>
    public long Clusters => Rewritten + Allocated + Freed;
}
