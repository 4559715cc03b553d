using System.Collections.Immutable;

namespace LabNet.Core.TraceEvents;

/// <summary>Who did what is traced.</summary>
/// <param name="Id">The kernel's thread id; 0 where the log does not tell it.</param>
/// <param name="Vcpu">The vCPU that the thread is; null for a thread of QEMU's own.</param>
public readonly record struct TraceThread(int Id, int? Vcpu);

/// <summary>How many of an event a segment holds.</summary>
public readonly record struct TraceEventCount(string Event, int Count);

/// <summary>Events of one VM, packed.</summary>
/// <param name="StartNs">Of the earliest event, UTC nanoseconds since 1970.</param>
/// <param name="EndNs">Of the latest.</param>
/// <param name="Data">See <see cref="TraceSegmentBuilder"/>.</param>
internal sealed record TraceSegment(long StartNs, long EndNs, int Count, ImmutableArray<TraceEventCount> Events, byte[] Data);
