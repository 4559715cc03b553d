using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Overview;

/// <summary>A VM in one row, with its details below it while it is the selected one.</summary>
public sealed partial class VmRow
{
    [Parameter, EditorRequired]
    public LabVm Definition { get; set; } = default!;

    /// <summary>Null if nothing was told yet.</summary>
    [Parameter, EditorRequired]
    public VmState? State { get; set; }

    /// <summary>What runs on the VM.</summary>
    [Parameter]
    public Operation? Operation { get; set; }

    /// <summary>What ended last on the VM.</summary>
    [Parameter]
    public Operation? Ended { get; set; }

    /// <summary>What was asked for and is not accepted yet.</summary>
    [Parameter]
    public VmAction? Asked { get; set; }

    [Parameter, EditorRequired]
    public Role Role { get; set; }

    /// <summary>Whether the page has its circuit.</summary>
    [Parameter]
    public bool Ready { get; set; } = true;

    [Parameter]
    public bool Selected { get; set; }

    [Parameter]
    public EventCallback<VmWish> OnAction { get; set; }

    [Parameter]
    public EventCallback<Operation> OnCancel { get; set; }

    /// <summary>The one on a link, where there is one: under the address of user NAT nobody reaches the guest.</summary>
    private NicAddress? Main => State is null ? null : NicAddress.Of(State).OrderByDescending(n => n.Nic is LinkNic).FirstOrDefault(n => n.Addresses.Count > 0);

    private int? Cpus => (Definition as StartedVm)?.Cpus ?? State?.Cpus;

    private long? MemoryBytes => (Definition as StartedVm)?.MemoryBytes ?? State?.MemoryBytes;

    /// <summary>With the row itself as the fragment: without one, Blazor scrolls to the top of the page.</summary>
    private string Address(bool open) => $"/{(open ? $"?vm={Definition.Name}" : "")}#vm-{Definition.Name}";

    private static AgentStanding Agent(VmState state) => AgentStanding.Of(state);
}
