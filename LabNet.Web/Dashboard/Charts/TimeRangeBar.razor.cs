using LabNet.Core.Labs;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Charts;

/// <summary>Chooses the time that a page's charts show; the choice is in the address.</summary>
public sealed partial class TimeRangeBar
{
    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public TimeRange Range { get; set; } = TimeRange.Default;

    /// <summary>Whose events are to be had from here; null for a page of several VMs.</summary>
    [Parameter]
    public VmName? EventsOf { get; set; }

    private string Address(TimeRange range) => Navigation.GetUriWithQueryParameters(range.ToQuery());

    private string EventsAddress(VmName vm) => Navigation.GetUriWithQueryParameters("/events", new Dictionary<string, object?>(Range.ToQuery())
    {
        ["vm"] = vm.ToString(),
        ["range"] = TimeRange.Lives.FirstOrDefault(one => one.Length == Range.Live).Word,
    });
}
