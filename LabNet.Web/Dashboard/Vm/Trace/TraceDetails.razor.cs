using System.Globalization;
using LabNet.Core.TraceEvents;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>All of one trace event.</summary>
public sealed partial class TraceDetails
{
    /// <summary>What the timeline shows before and after it.</summary>
    private const long AroundUs = 25_000;

    private const long NsPerUs = 1000;
    private const decimal UsPerMs = 1000;

    [Parameter, EditorRequired]
    public TraceEvent Event { get; set; } = default!;

    [Parameter]
    public EventCallback OnClose { get; set; }

    [Parameter]
    public EventCallback<TraceEventType> OnOnly { get; set; }

    /// <summary>With a marker at the event.</summary>
    private string TimelineAddress => Event.TimeNs / NsPerUs is var us
        ? $"/timeline?from={Ms(us - AroundUs)}&to={Ms(us + AroundUs)}&a={Ms(us)}"
        : "";

    private static string Ms(long us) => (us / UsPerMs).ToString("0.###", CultureInfo.InvariantCulture);
}
