using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Charts;

/// <summary>Chooses the time that a page's charts show; the choice is in the address.</summary>
public sealed partial class TimeRangeBar
{
    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public TimeRange Range { get; set; } = TimeRange.Default;

    private string Address(TimeRange range) => Navigation.GetUriWithQueryParameters(range.ToQuery());
}
