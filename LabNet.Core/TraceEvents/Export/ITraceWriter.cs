namespace LabNet.Core.TraceEvents;

/// <summary>Writes trace events in one format. What is written stands in the buffer that the writer was made for; who drives it flushes.</summary>
/// <remarks>Not thread-safe.</remarks>
internal interface ITraceWriter : IDisposable
{
    /// <summary>What stands before all events.</summary>
    void Begin();

    void Write(TraceEvent traced);

    /// <summary>What stands behind all events.</summary>
    void End();
}
