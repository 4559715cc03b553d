using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.Snapshots;

public static class SnapshotsRegistration
{
    /// <summary>Needs the VMs, the feed and the storage. Compares nothing until <see cref="SnapshotRegistry.Start"/>.</summary>
    public static IServiceCollection AddSnapshots(this IServiceCollection services) => services
        .AddSingleton<SnapshotStore>()
        .AddSingleton<SnapshotRegistry>();
}
