using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>All actions in fixed places, so that no click lands on another one than was meant; those without sense now say why.</summary>
public sealed partial class VmActionBar
{
    [Parameter, EditorRequired]
    public VmName Vm { get; set; }

    /// <summary>Null if nothing was told yet.</summary>
    [Parameter, EditorRequired]
    public VmState? State { get; set; }

    /// <summary>What runs on the VM.</summary>
    [Parameter]
    public Operation? Operation { get; set; }

    /// <summary>What was asked for and is not accepted yet.</summary>
    [Parameter]
    public VmAction? Asked { get; set; }

    [Parameter, EditorRequired]
    public Role Role { get; set; }

    /// <summary>Whether the page has its circuit, without which a click goes nowhere.</summary>
    [Parameter]
    public bool Ready { get; set; } = true;

    /// <summary>Without visible labels.</summary>
    [Parameter]
    public bool Dense { get; set; }

    [Parameter]
    public EventCallback<VmWish> OnAction { get; set; }

    private string? WhyNot(VmAction action) =>
        !Ready ? "The page is still connecting to LabNet."
        : Asked is { } asked ? $"{ActionWords.Name(asked)} was asked for."
        : VmActionRules.WhyNot(action, State, Operation, Role);

    private bool IsUnderWay(VmAction action) => Asked == action || Operation?.Kind == action.Word();

    private static string Css(VmAction action) => action switch
    {
        VmAction.Powerdown => "ends first-end",
        VmAction.Stop or VmAction.Kill => "ends",
        _ => "",
    };
}
