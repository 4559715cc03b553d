using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.TraceEvents;

/// <summary>Takes over the trace events of every VM of the lab.</summary>
public sealed class TracePump(
    VmRegistry vms, LiveFeed feed, TraceStore store, RingWriter ring, TraceCatalogue catalogue, TimeProvider time, ILogger<TracePump> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    /// <summary>Before the ring's writer is started.</summary>
    public void Open() => ring.AddMaintenance(store.Trim);

    /// <summary>After the VMs are opened.</summary>
    public void Start() => _loops = Task.WhenAll(vms.Vms.Select(vm => Task.Run(
        () => new TraceCapture(vm, feed, store, ring, catalogue, time, logger).CaptureLoopAsync(_stopping.Token), CancellationToken.None)));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loops;
        _stopping.Dispose();
    }
}
