using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>Everything about one VM, a part at a time; which part is in the address.</summary>
public sealed partial class VmPage
{
    private VmSession? _session;
    private VmTab? _tab;

    [Parameter]
    public string Name { get; set; } = "";

    /// <summary>Null for the first.</summary>
    [Parameter]
    public string? Part { get; set; }

    private LabVm Definition => _session!.State.Definition;

    /// <summary>Null if nothing was told yet.</summary>
    private VmState? State => View.Vm(Definition.Name);

    private VmState StateOrOff => State ?? new VmState(Definition);

    private AgentStanding Agent => AgentStanding.Of(StateOrOff);

    private string? WhyConsoleOff => StateOrOff switch
    {
        { IsThere: true } => null,
        { Definition: AttachedVm } => $"{Name} is not reachable.",
        _ => $"{Name} is off.",
    };

    private Operation? Benchmark =>
        View.OperationsOf(Definition.Name).FirstOrDefault(operation => operation is { Kind: IoBenchmarkRunner.OperationKind, State: OperationState.Running });

    protected override void OnParametersSet()
    {
        _session = VmName.TryParse(Name, out var name) ? Registry.Find(name) : null;
        _tab = VmTabs.Of(Part);
    }
}
