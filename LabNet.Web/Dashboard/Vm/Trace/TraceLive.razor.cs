using LabNet.Core.TraceEvents;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>The newest trace events as a list. What it costs the circuit depends on what fits on the screen, not on how many events there are.</summary>
public sealed partial class TraceLive
{
    /// <summary>As in the style.</summary>
    private const int LineHeightPx = 30;

    private List<TraceLine> _shown = [];
    private IReadOnlyList<TraceLine>? _linesBefore;
    private TraceEvent? _chosen;

    [Inject]
    private TraceCatalogue Catalogue { get; set; } = default!;

    [Parameter]
    public string Title { get; set; } = "Newest events";

    /// <summary>Whether the list is of one thing, so that no filter is asked for.</summary>
    [Parameter]
    public bool HasFixedFilter { get; set; }

    /// <summary>Where the same events are shown on an axis of time.</summary>
    [Parameter]
    public string TimelineAddress { get; set; } = "/timeline";

    /// <summary>Newest first.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<TraceLine> Lines { get; set; } = [];

    [Parameter]
    public TraceFilterText Filter { get; set; } = TraceFilterText.None;

    [Parameter]
    public EventCallback<TraceFilterText> FilterChanged { get; set; }

    [Parameter]
    public EventCallback OnFilterSettled { get; set; }

    [Parameter, EditorRequired]
    public bool IsPaused { get; set; }

    /// <summary>How many came since it stands still; those that a filter of what is on left out are not among them.</summary>
    [Parameter, EditorRequired]
    public long WhilePaused { get; set; }

    /// <summary>Null before anything was told.</summary>
    [Parameter, EditorRequired]
    public TraceEventsSeen? Seen { get; set; }

    /// <summary>Told whether to pause.</summary>
    [Parameter]
    public EventCallback<bool> OnPause { get; set; }

    /// <summary>What is told where there is no line.</summary>
    [Parameter, EditorRequired]
    public string WhyEmpty { get; set; } = "";

    private string Fresh => $"{Figures.Count(WhilePaused)} {(WhilePaused == 1 ? "event" : "events")}";

    protected override void OnParametersSet()
    {
        if (Lines != _linesBefore)
        {
            _linesBefore = Lines;
            _shown = [.. Lines];
        }
    }

    private async Task ChooseAsync(string filter)
    {
        await FilterChanged.InvokeAsync(TraceFilterText.Of(filter, Catalogue));
        await OnFilterSettled.InvokeAsync();
    }

    private Task ShowUnparsedAsync() => OnlyAsync(TraceEventType.Unparsed);

    private Task OnlyAsync(TraceEventType type) => ChooseAsync($"event == {(type == TraceEventType.Unparsed ? TraceFilterText.Quoted(type.Name) : type.Name)}");

    /// <summary>What a filter of what is on left out has a number as well, and nobody lacks it.</summary>
    private string LeftOut(long? events)
    {
        var unwanted = Seen is { FilteredOut: > 0 } ? ", and those that a filter of what is on left out are among them" : "";
        return events is > 0 and var some
            ? $"up to {Figures.Count(some)} events between are not listed: more came at once than can be read{unwanted}"
            : "some events between are not listed: more came at once than can be read";
    }
}
