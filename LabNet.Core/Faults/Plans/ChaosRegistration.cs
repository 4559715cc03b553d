using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Faults;

public static class ChaosRegistration
{
    /// <summary>Needs the VMs, the feed, the storage and the faults.</summary>
    public static IServiceCollection AddChaos(this IServiceCollection services) => services.AddSingleton<ChaosStore>().AddSingleton<ChaosRuns>();
}
