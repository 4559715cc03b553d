namespace LabNet.Core.Snapshots;

/// <summary>A field that differs.</summary>
/// <param name="Section">Whose: <see cref="SavedSection.Title"/>.</param>
/// <param name="Path">The field, as QEMU's source names it: <c>env.regs[3]</c>, <c>env.segs[1].base</c>. Of bytes, which: <c>virtio[0x12..0x15]</c>; empty for an opaque section as a whole.</param>
/// <param name="Register">The register of a vCPU that it is, as its manual names it; null for anything else.</param>
/// <param name="Before">The value, for people: hexadecimal; null if there was none.</param>
/// <param name="After">The same, after.</param>
public sealed record SavedChange(string Section, string Path, string? Register, string? Before, string? After);

/// <summary>A block of the guest's memory that differs.</summary>
/// <param name="Block">QEMU's name for it.</param>
/// <param name="BytesBefore">Its size; null if there was none.</param>
/// <param name="BytesAfter">The same, after.</param>
/// <param name="ChangedBytes">In how many bytes' pages something differs.</param>
/// <param name="Ranges">Which, in order, whole pages; of a block that came or went, none.</param>
public sealed record SavedMemoryChange(string Block, long? BytesBefore, long? BytesAfter, long ChangedBytes, IReadOnlyList<ByteRange> Ranges);

/// <summary>What two saved machines differ in.</summary>
/// <param name="Gone">Titles of sections that only the first has.</param>
/// <param name="Come">Titles of sections that only the second has.</param>
/// <param name="Changes">In the order of the first one's sections and their fields; at most <see cref="ChangesMax"/>.</param>
/// <param name="ChangesNotListed">How many more there are.</param>
/// <param name="Memory">The blocks that differ.</param>
public sealed record SavedMachineDifference(
    IReadOnlyList<string> Gone, IReadOnlyList<string> Come, IReadOnlyList<SavedChange> Changes, long ChangesNotListed, IReadOnlyList<SavedMemoryChange> Memory)
{
    /// <summary>More than anybody reads.</summary>
    public const int ChangesMax = 20_000;

    /// <exception cref="InvalidOperationException">Their pages have different sizes: they are of different architectures.</exception>
    /// <exception cref="OperationCanceledException"/>
    public static SavedMachineDifference Between(SavedMachine before, SavedMachine after, CancellationToken cancellationToken)
    {
        if (before.PageBytes != after.PageBytes)
        {
            throw new InvalidOperationException($"Memory in pages of {before.PageBytes} bytes is not compared with memory in pages of {after.PageBytes}.");
        }

        var comparison = new SavedFieldComparison();
        var pairs = SavedFieldComparison.Pair(before.Sections, after.Sections, section => section.Title);
        foreach (var (first, second) in pairs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (first is not null && second is not null)
            {
                comparison.Compare(first, second);
            }
        }

        return new SavedMachineDifference(
            [.. pairs.Where(pair => pair.After is null).Select(pair => pair.Before!.Title)],
            [.. pairs.Where(pair => pair.Before is null).Select(pair => pair.After!.Title)],
            comparison.Changes,
            comparison.NotListed,
            [.. SavedFieldComparison.Pair(before.Memory, after.Memory, block => block.Name)
                .Select(pair => Compare(pair.Before, pair.After, cancellationToken))
                .Where(change => change.BytesBefore != change.BytesAfter || change.ChangedBytes > 0)]);
    }

    private static SavedMemoryChange Compare(SavedMemory? before, SavedMemory? after, CancellationToken cancellationToken)
    {
        var ranges = before is null || after is null ? [] : before.ChangedRanges(after, cancellationToken);
        return new SavedMemoryChange((before ?? after)!.Name, before?.Bytes, after?.Bytes, ranges.Sum(range => range.Length), ranges);
    }
}
