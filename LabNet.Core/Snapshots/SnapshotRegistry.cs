using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Snapshots;

/// <summary>The snapshots of every VM of the lab.</summary>
public sealed class SnapshotRegistry(VmRegistry vms, SnapshotStore store, LiveFeed feed, TimeProvider time, ILogger<SnapshotRegistry> logger) : IAsyncDisposable
{
    private readonly IReadOnlyList<VmSnapshots> _all = [.. vms.Vms.Select(vm => new VmSnapshots(vm, store, feed, time, logger))];

    /// <exception cref="InvalidOperationException">The lab has no such VM.</exception>
    public VmSnapshots Of(VmName vm) => _all.First(one => one.Vm.State.Name == vm);

    /// <summary>Reads what is known and begins to compare it with what QEMU and the disks say. After the VMs are opened.</summary>
    public void Start()
    {
        foreach (var one in _all)
        {
            one.Start();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all)
        {
            await one.DisposeAsync();
        }
    }
}
