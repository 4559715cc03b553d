using LabNet.Core.PciModels;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Devices;

public static class DevicesRegistration
{
    public static IServiceCollection AddDevices(this IServiceCollection services) => services
        .AddSingleton(PciIds.OfThisMachine())
        .AddSingleton<DeviceTopologyReader>()
        .AddSingleton<PciModelCatalogue>()
        .AddSingleton<HotPlug>();
}
