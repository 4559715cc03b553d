
namespace LabNet.Core.Faults;

/// <summary>What can be broken here.</summary>
public sealed partial class VmFaults
{
    /// <summary>Why faults of this kind cannot be had here, or only in part, in sentences; empty if nothing is missing.</summary>
    /// <param name="kind">One of <see cref="FaultKinds.All"/>.</param>
    public IReadOnlyList<string> WhyNot(string kind)
    {
        var state = Vm.State;
        var why = kind switch
        {
            FaultKinds.VcpuPause => VcpuPauseInjector.WhyNever(state),
            FaultKinds.LinkDown or FaultKinds.LinkFlap => LinkInjector.WhyNot(state, nic: null),
            FaultKinds.Kill => KillInjector.WhyNever(state),
            FaultKinds.Nmi => NmiInjector.WhyNever(state),
            _ => (string?)null,
        };
        return kind == FaultKinds.LinkImpair ? LinkImpairInjector.WhyNot(state, _links) : why is null ? [] : [why];
    }
}
