using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Hosts;

public static class HostRegistration
{
    public static IServiceCollection AddHosts(this IServiceCollection services, HostSettings settings) =>
        services.AddSingleton(settings).AddSingleton<Host>();
}
