using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Vms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Traffic;

public static class TrafficRegistration
{
    /// <summary>Needs the VMs, the feed and the storage. Does nothing until it is opened and started.</summary>
    public static IServiceCollection AddTraffic(this IServiceCollection services) => services
        .AddSingleton<PingMesh>()
        .AddSingleton<TrafficRunStore>()
        .AddSingleton<TrafficGenerator>()
        .AddSingleton<RelayControl>()
        .AddSingleton<RelayKeeper>()
        .AddSingleton<LinkImpairments>()
        .AddSingleton<PingStore>()
        .AddSingleton<PingRecorder>()
        .AddSingleton<FlowStore>()
        .AddSingleton<FlowWatch>()
        .AddSingleton<CaptureStore>()
        .AddSingleton(s => new CaptureRegistry(
            s.GetRequiredService<VmRegistry>(),
            s.GetRequiredService<CaptureStore>(),
            Path.Join(s.GetRequiredService<HostSettings>().StateFolder, "captures"),
            s.GetRequiredService<LiveFeed>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<CaptureRegistry>>()));
}
