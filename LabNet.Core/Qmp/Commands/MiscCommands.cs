namespace LabNet.Core.Qmp;

/// <summary>qapi/misc.json.</summary>
public static class MiscCommands
{
    public static readonly QmpCommand<NameInfo> QueryName = new("query-name", QmpJson.Default.NameInfo);
    public static readonly QmpCommand<IoThreadInfo[]> QueryIothreads = new("query-iothreads", QmpJson.Default.IoThreadInfoArray);
}

/// <param name="Name">What QEMU's <c>-name</c> said; null without one.</param>
public sealed record NameInfo(string? Name = null);

/// <param name="ThreadId">The host's thread, as in /proc/PID/task.</param>
/// <param name="PollMaxNs">The longest time that it polls before it sleeps; 0 where polling is off.</param>
public sealed record IoThreadInfo(string Id, long ThreadId, long PollMaxNs, long PollGrow, long PollShrink, long AioMaxBatch);
