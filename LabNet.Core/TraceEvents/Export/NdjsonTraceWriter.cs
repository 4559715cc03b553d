using System.Buffers;
using System.Text.Json;

namespace LabNet.Core.TraceEvents;

/// <summary>A line for each event, in UTF-8: the object of <see cref="TraceEventJson"/> and a line feed.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class NdjsonTraceWriter(IBufferWriter<byte> to) : ITraceWriter
{
    private readonly Utf8JsonWriter _json = new(to, TraceEventJson.Options);

    public void Begin()
    {
    }

    public void Write(TraceEvent traced)
    {
        TraceEventJson.Write(_json, traced);
        _json.Flush();
        _json.Reset();
        to.Write("\n"u8);
    }

    public void End()
    {
    }

    public void Dispose() => _json.Dispose();
}
