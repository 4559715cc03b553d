using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.TraceEvents;

/// <summary>Takes over the trace events of every VM of the lab.</summary>
public sealed class TracePump(
    VmRegistry vms, LiveFeed feed, TraceStore store, RingWriter ring, TraceCatalogue catalogue, TimeProvider time, ILogger<TracePump> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly IReadOnlyList<(VmName Vm, TraceCapture Capture)> _captures =
        [.. vms.Vms.Select(vm => (vm.State.Name, new TraceCapture(vm, feed, store, ring, catalogue, time, logger)))];

    private Task _loops = Task.CompletedTask;

    /// <summary>Before the ring's writer is started.</summary>
    public void Open() => ring.AddMaintenance(store.Maintain);

    /// <summary>After the VMs are opened.</summary>
    public void Start() => _loops = Task.WhenAll(_captures.Select(one => Task.Run(() => one.Capture.CaptureLoopAsync(_stopping.Token), CancellationToken.None)));

    /// <returns>What is wrong with the switches, with what is allowed; null if nothing is.</returns>
    public string? MistakeOf(IEnumerable<TraceEventSwitch> switches) => switches
        .Select(one => one.Mistake() ?? (one.Filter is { } filter && !TraceFilter.TryParse(filter, catalogue, out _, out var mistake) ? $"filter: {mistake}" : null))
        .FirstOrDefault(mistake => mistake is not null);

    /// <summary>Switches a VM's trace events and what is kept of them; <see cref="VmSession.SwitchTraceEventsAsync"/> with filters that are known to be some.</summary>
    /// <exception cref="ArgumentException">There is a <see cref="MistakeOf"/> them.</exception>
    public Task SwitchAsync(VmSession vm, IReadOnlyList<TraceEventSwitch> switches, Actor actor, CancellationToken cancellationToken) => MistakeOf(switches) is { } mistake
        ? throw new ArgumentException(mistake, nameof(switches))
        : vm.SwitchTraceEventsAsync(switches, actor, cancellationToken);

    /// <summary>The newest trace events of a VM of the lab.</summary>
    public TraceTail TailOf(VmName vm) => _captures.First(one => one.Vm == vm).Capture.Tail;

    /// <inheritdoc cref="TraceCapture.CatchUpAsync"/>
    public Task CatchUpAsync(VmName vm, CancellationToken cancellationToken) => _captures.First(one => one.Vm == vm).Capture.CatchUpAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loops;
        _stopping.Dispose();
    }
}
