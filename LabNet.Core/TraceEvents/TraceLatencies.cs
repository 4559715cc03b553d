namespace LabNet.Core.TraceEvents;

/// <summary>How long requests took, over time. A bin begins at <paramref name="FromNs"/> + its number × <paramref name="BinNs"/>.</summary>
/// <param name="FromNs">The first bin's beginning, at most a bin before what was asked for.</param>
/// <param name="Cells">By bin, then by latency; those with nothing in them are left out.</param>
public sealed record TraceLatencies(long FromNs, long ToNs, long BinNs, int Bins, IReadOnlyList<TraceLatencyCell> Cells);

/// <summary>Requests that ended in one bin and took about as long as each other.</summary>
/// <param name="LeastNs">The least latency that counts here, in nanoseconds.</param>
/// <param name="BelowNs">The least one that does not any more: an eighth of a power of two further.</param>
public readonly record struct TraceLatencyCell(int Bin, long LeastNs, long BelowNs, long Count);
