using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>The faults of every VM of the lab.</summary>
public sealed class FaultRegistry(VmRegistry vms) : IAsyncDisposable
{
    private readonly IReadOnlyList<VmFaults> _all = [.. vms.Vms.Select(vm => new VmFaults(vm))];

    /// <exception cref="InvalidOperationException">The lab has no such VM.</exception>
    public VmFaults Of(VmName vm) => _all.First(one => one.Vm.State.Name == vm);

    /// <summary>Reads what is known, and lifts first of all what is past its time. After the VMs are opened.</summary>
    public void Start() => throw new NotImplementedException();

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all)
        {
            await one.DisposeAsync();
        }
    }
}
