using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.TraceEvents;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Recovery;

public static class RecoveryRegistration
{
    /// <summary>Needs the VMs, the feed, the storage, the snapshots, the history, the metrics and the trace events. Does nothing until <see cref="RecoveryRegistry.Start"/>.</summary>
    public static IServiceCollection AddRecovery(this IServiceCollection services) => services
        .AddSingleton<RecoveryStore>()
        .AddSingleton(s => new EvidenceReader(
            new RecoveryHistory(
                s.GetRequiredService<EventRecorder>(),
                s.GetRequiredService<EventStore>(),
                s.GetRequiredService<MetricRecorder>(),
                s.GetRequiredService<MetricStore>(),
                s.GetRequiredService<TracePump>(),
                s.GetRequiredService<TraceStore>()),
            s.GetRequiredService<TimeProvider>()))
        .AddSingleton<RecoveryRegistry>();
}
