using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.IoBenchmarks;

public static class IoBenchmarksRegistration
{
    /// <summary>Needs AddVms, AddStorage, AddDevices and AddTraceEvents.</summary>
    public static IServiceCollection AddIoBenchmarks(this IServiceCollection services) => services
        .AddSingleton<IoBenchmarkStore>()
        .AddSingleton<TracedRequests>()
        .AddSingleton<IoBenchmarkRunner>();
}
