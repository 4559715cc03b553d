using LabNet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Metrics;

public static class MetricsRegistration
{
    /// <summary>Needs the VMs, the feed and the storage. Measures nothing until <see cref="MetricsPump.Start"/>.</summary>
    public static IServiceCollection AddMetricsPump(this IServiceCollection services) => services
        .AddSingleton(s => new MetricStore(s.GetRequiredService<RingWriter>(), s.GetRequiredService<TimeProvider>()))
        .AddSingleton<MetricRecorder>()
        .AddSingleton<MetricsPump>();
}
