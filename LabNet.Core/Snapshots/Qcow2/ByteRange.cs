namespace LabNet.Core.Snapshots;

/// <summary>A stretch of a disk, or of a block of memory.</summary>
/// <param name="Offset">Bytes from its beginning.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct ByteRange(long Offset, long Length);
