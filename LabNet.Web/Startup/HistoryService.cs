using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;

namespace LabNet.Web.Startup;

/// <summary>Opens the history before any other part of LabNet does something that is to be in it.</summary>
public sealed class HistoryService(EventRecorder events, MetricRecorder metrics, TracePump traces, FlowWatch flows, PingRecorder pings, RingWriter ring) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        events.Open();
        metrics.Open();
        traces.Open();
        flows.Open();
        pings.Open();
        ring.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
