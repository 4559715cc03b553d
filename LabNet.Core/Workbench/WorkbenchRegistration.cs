using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Workbench;

public static class WorkbenchRegistration
{
    /// <summary>Needs the hosts, the VMs and the devices.</summary>
    public static IServiceCollection AddWorkbench(this IServiceCollection services) => services
        .AddSingleton<PciBuilder>()
        .AddSingleton<GuestRegisters>()
        .AddSingleton<DeviceWorkbench>();
}
