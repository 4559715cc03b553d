using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Traffic;

public static class TrafficRegistration
{
    public static IServiceCollection AddTraffic(this IServiceCollection services) => services.AddSingleton<PingMesh>().AddSingleton<TrafficRunStore>().AddSingleton<TrafficGenerator>();
}
