using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>What there was of one event in a range of time.</summary>
/// <param name="RatePerSecond">Over the whole range.</param>
/// <param name="Latency">Of the requests that it ended; null if it ended none whose latency is known.</param>
public sealed record TraceStatistic(VmName Vm, string Event, long Count, double RatePerSecond, TraceLatency? Latency);

/// <summary>Nanoseconds; the quantiles are at most 6 % off, the largest is exact.</summary>
public sealed record TraceLatency(long Count, long P50Ns, long P95Ns, long P99Ns, long MaxNs);
