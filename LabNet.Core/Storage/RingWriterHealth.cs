namespace LabNet.Core.Storage;

/// <summary>How the writing of ring.db goes.</summary>
/// <param name="QueuedWrites">That wait for a batch.</param>
/// <param name="Batches">Committed since the start.</param>
/// <param name="Writes">In them.</param>
/// <param name="LastBatchWrites">In the last one.</param>
/// <param name="LastBatchMs">How long the last one took to commit.</param>
/// <param name="LongestBatchMs">Since the start.</param>
/// <param name="RefusedWrites">Dropped because of a mistake in themselves, which the log tells.</param>
/// <param name="Problem">Why nothing can be written now, in words; null while it can.</param>
/// <param name="ProblemSince">Since when.</param>
/// <param name="SetAside">Where a damaged database went since the start; null if none did.</param>
public sealed record RingWriterHealth(
    int QueuedWrites,
    long Batches,
    long Writes,
    int LastBatchWrites,
    double LastBatchMs,
    double LongestBatchMs,
    long RefusedWrites,
    string? Problem,
    DateTimeOffset? ProblemSince,
    string? SetAside)
{
    public static readonly RingWriterHealth AtFirst = new(0, 0, 0, 0, 0, 0, 0, Problem: null, ProblemSince: null, SetAside: null);
}
