using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.IoBenchmarks;

public static class IoBenchmarksRegistration
{
    /// <summary>Needs AddVms and AddStorage.</summary>
    public static IServiceCollection AddIoBenchmarks(this IServiceCollection services) => services
        .AddSingleton<IoBenchmarkStore>()
        .AddSingleton<IoBenchmarkRunner>();
}
