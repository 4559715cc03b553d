namespace LabNet.Core.TraceEvents;

/// <summary>What is kept in memory while a trace is written, whatever stands in the logs. More only makes the file plainer.</summary>
/// <param name="Tracks">
/// QEMU begins and ends threads all the time, so that months of events have any number of them. What has no track any more stands on its VM's
/// own; a request has no slice then.
/// </param>
/// <param name="Names">Of events, and of arguments: QEMU declares some thousand. Others are written out each time.</param>
/// <param name="Open">
/// Requests that have begun and not ended: a VM has some hundred under way. More are such whose ends were never traced, or were not asked for.
/// </param>
internal sealed record PerfettoLimits(int Tracks = 16 << 10, int Names = 16 << 10, int Open = 16 << 10);
