using System.Globalization;
using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What goes over a link.</summary>
public sealed partial class FlowList
{
    private string _filter = "";

    /// <summary>Virtualize wants a collection of its own kind.</summary>
    private List<FlowNow> _shown = [];

    [Parameter, EditorRequired]
    public SeenFlows Seen { get; set; } = SeenFlows.None;

    [Parameter, EditorRequired]
    public bool IsOn { get; set; }

    /// <summary>Whose packets cannot be counted and why, in sentences.</summary>
    [Parameter]
    public IReadOnlyList<string> NotCounted { get; set; } = [];

    [Parameter]
    public string? WhyNot { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback<bool> OnSwitch { get; set; }

    private string Summary => Seen.Newest is not { } told ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{Figures.Count(told.Known)} known · {Figures.Count(told.Packets)} packets · {Figures.Bytes(told.Bytes)} · now {LinkWords.Rate(told.BytesPerSecond)}")
            + (told.Evicted > 0 ? $" · {Figures.Count(told.Evicted)} had to go" : "")
            + (told.Gaps > 0 ? $" · packets missed {Figures.Count(told.Gaps)} times" : "");

    protected override void OnParametersSet() => Sort();

    private void Sort() => _shown = [.. Seen.Sorted(_filter)];
}
