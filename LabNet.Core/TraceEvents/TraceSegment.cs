namespace LabNet.Core.TraceEvents;

/// <summary>Who did what is traced.</summary>
/// <param name="Id">The kernel's thread id; 0 where the log does not tell it.</param>
/// <param name="Vcpu">The vCPU that the thread is; null for a thread of QEMU's own.</param>
public readonly record struct TraceThread(int Id, int? Vcpu);

/// <summary>Events of one VM, packed.</summary>
/// <param name="FirstSequence">Of its first event; the others' numbers grow, not always by one.</param>
/// <param name="StartNs">Of the earliest event, UTC nanoseconds since 1970.</param>
/// <param name="EndNs">Of the latest.</param>
/// <param name="Rollup">How many of which event there are when: a <see cref="TraceRollup"/> of level 0, packed.</param>
/// <param name="Data">See <see cref="TraceSegmentWriter"/>.</param>
internal sealed record TraceSegment(long FirstSequence, long LastSequence, long StartNs, long EndNs, int Count, byte[] Rollup, byte[] Data);
