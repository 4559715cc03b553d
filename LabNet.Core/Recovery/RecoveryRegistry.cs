using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Recovery;

/// <summary>The recovery of every VM of the lab.</summary>
public sealed class RecoveryRegistry(
    VmRegistry vms, SnapshotRegistry snapshots, RecoveryStore store, EvidenceReader evidence, OperationRegistry operations, LiveFeed feed, TimeProvider time, ILogger<RecoveryRegistry> logger)
    : IAsyncDisposable
{
    private readonly IReadOnlyList<VmRecovery> _all =
        [.. vms.Vms.Select(vm => new VmRecovery(vm, snapshots.Of(vm.State.Name), store, evidence, operations, feed, time, logger))];

    /// <exception cref="InvalidOperationException">The lab has no such VM.</exception>
    public VmRecovery Of(VmName vm) => _all.First(one => one.Vm.State.Name == vm);

    /// <summary>Begins to watch. After the VMs are opened, and before anybody starts those that do not run.</summary>
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
