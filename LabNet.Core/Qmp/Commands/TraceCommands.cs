using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/trace.json.</summary>
public static class TraceCommands
{
    /// <summary>A glob that fits nothing is answered by an empty list; a plain name that is unknown is refused.</summary>
    public static readonly QmpCommand<TraceEventNameArguments, TraceEventInfo[]> GetState =
        new("trace-event-get-state", QmpJson.Default.TraceEventNameArguments, QmpJson.Default.TraceEventInfoArray);

    public static readonly QmpCommand<TraceEventSetStateArguments, QmpNothing> SetState =
        new("trace-event-set-state", QmpJson.Default.TraceEventSetStateArguments, QmpJson.Default.QmpNothing);
}

/// <param name="Name">A name, or a glob with <c>*</c> and <c>?</c>.</param>
public sealed record TraceEventNameArguments(string Name);

/// <param name="IgnoreUnavailable">Without it, a glob that fits an event which was not built is refused as a whole.</param>
public sealed record TraceEventSetStateArguments(string Name, bool Enable, bool IgnoreUnavailable);

/// <param name="State"><c>unavailable</c>, <c>disabled</c> or <c>enabled</c>.</param>
public sealed record TraceEventInfo(string Name, string State)
{
    [JsonIgnore]
    public bool IsEnabled => State == "enabled";

    [JsonIgnore]
    public bool IsAvailable => State != "unavailable";
}
