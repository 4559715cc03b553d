using System.Collections.Immutable;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>What can be switched on by one click, and off by another.</summary>
public sealed partial class TracePresets
{
    private ImmutableArray<string> _traced = [];

    [Parameter, EditorRequired]
    public IReadOnlyList<TracePreset> Presets { get; set; } = [];

    [Parameter, EditorRequired]
    public ImmutableArray<TraceEventSwitch> Switches { get; set; } = [];

    [Parameter, EditorRequired]
    public TraceNameList Names { get; set; } = default!;

    /// <summary>Those with registers.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<string> Devices { get; set; } = [];

    /// <summary>Null where they can be switched.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    [Parameter]
    public EventCallback<IReadOnlyList<TraceEventSwitch>> OnSwitch { get; set; }

    [Parameter]
    public EventCallback<IReadOnlyCollection<string>> OnForget { get; set; }

    /// <summary>That device's registers are to be traced, or no longer.</summary>
    [Parameter]
    public EventCallback<string> OnDevice { get; set; }

    protected override void OnParametersSet() => _traced = RegisterTrace.DevicesOf(Switches);

    private Task TurnAsync(TraceChoice choice, bool isOn) => isOn
        ? OnForget.InvokeAsync(choice.Patterns)
        : OnSwitch.InvokeAsync([.. choice.Switches(enabled: true)]);
}
