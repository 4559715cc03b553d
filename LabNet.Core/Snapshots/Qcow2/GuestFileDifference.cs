namespace LabNet.Core.Snapshots;

/// <summary>What became of a guest's file.</summary>
public enum GuestFileChange
{
    Changed,
    Created,
    Deleted,
}

/// <summary>A file of the guest between two states of its disk.</summary>
/// <param name="Path">
/// Its first name, from the file system's root, as the guest wrote it. What begins with a bracket is no file: <c>(journal)</c>,
/// <c>(inode tables)</c>, <c>(other tables)</c>, <c>(free blocks)</c>, <c>(inode 123, without a name)</c>.
/// </param>
/// <param name="Change">Of a name that is in both states, and of what is no file, always changed.</param>
/// <param name="Bytes">In how many bytes' blocks something differs; 0 for a file that came or went without that.</param>
public sealed record GuestFile(string Path, GuestFileChange Change, long Bytes);

/// <summary>
/// Which files of a guest's ext4 file system the difference of two states belongs to. What the guest had not yet written to its disk is not in it.
/// </summary>
/// <param name="BlockBytes">The file system's unit.</param>
/// <param name="IsByBlock">Whether the changed clusters' bytes were compared; else all blocks of a changed cluster count, as there are too many.</param>
/// <param name="Files">By path.</param>
public sealed record GuestFileDifference(int BlockBytes, bool IsByBlock, IReadOnlyList<GuestFile> Files);
