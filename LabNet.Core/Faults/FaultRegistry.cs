using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Faults;

/// <summary>The faults of every VM of the lab.</summary>
/// <param name="links">Null where nobody knows links: what happens to frames is then up to QEMU alone.</param>
public sealed class FaultRegistry(
    VmRegistry vms, FaultStore store, LiveFeed feed, TimeProvider time, ILogger<FaultRegistry> logger, LinkImpairments? links = null) : IAsyncDisposable
{
    private readonly IReadOnlyList<VmFaults> _all = [.. vms.Vms.Select(vm => new VmFaults(vm, store, links, feed, time, logger))];

    /// <exception cref="InvalidOperationException">The lab has no such VM.</exception>
    public VmFaults Of(VmName vm) => _all.First(one => one.Vm.State.Name == vm);

    /// <summary>Goes on with what an earlier LabNet left; what is past its time is lifted first of all. After the VMs are opened, before anything else.</summary>
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
