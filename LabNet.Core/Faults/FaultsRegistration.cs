using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Faults;

public static class FaultsRegistration
{
    /// <summary>Needs the VMs, the feed and the storage. Does nothing until <see cref="FaultRegistry.Start"/>.</summary>
    public static IServiceCollection AddFaults(this IServiceCollection services) => services
        .AddSingleton<FaultStore>()
        .AddSingleton<FaultRegistry>();
}
