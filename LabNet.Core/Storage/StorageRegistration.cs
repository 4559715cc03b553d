using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Storage;

public static class StorageRegistration
{
    /// <summary>lab.db in the lab's state folder.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, string stateFolder) =>
        services.AddSingleton(_ => Database.Open(Path.Join(stateFolder, "lab.db"), migrations: "lab", synchronous: "FULL"));
}
