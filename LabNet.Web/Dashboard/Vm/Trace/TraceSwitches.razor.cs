using System.Collections.Immutable;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>What was said of which trace events, in the order in which it counts.</summary>
public sealed partial class TraceSwitches
{
    private const int NamesTold = 12;

    [Parameter, EditorRequired]
    public ImmutableArray<TraceEventSwitch> Switches { get; set; } = [];

    [Parameter, EditorRequired]
    public TraceNameList Names { get; set; } = default!;

    /// <summary>Null where they can be switched.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    [Parameter]
    public EventCallback<TraceEventSwitch> OnSwitch { get; set; }

    [Parameter]
    public EventCallback<string> OnForget { get; set; }

    private static string? Why(TraceEventSwitch one) => one.Enabled ? null : "Off also where a pattern above has it on.";
}
