using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Links;

/// <summary>Asks for a capture on some of a link's NICs.</summary>
public sealed partial class CaptureForm
{
    private readonly HashSet<CaptureNic> _nics = [];
    private double? _seconds = 30;
    private long? _mebibytes = CaptureRequest.BytesDefault / LabLimits.MiB;
    private string _filter = "";
    private CaptureFilterMistake? _mistake;

    [Parameter, EditorRequired]
    public IReadOnlyList<LinkEnd> Ends { get; set; } = [];

    [Parameter]
    public string? WhyNot { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback<CaptureRequest> OnBegin { get; set; }

    /// <summary>What was captured before.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    private string? Mistake => _mistake is { } wrong ? $"The filter is wrong {wrong}"
        : _nics.Count == 0 ? "Choose a NIC at least."
        : _seconds is { } seconds && (seconds < CaptureRequest.DurationMin.TotalSeconds || seconds > CaptureRequest.DurationMax.TotalSeconds)
            ? $"It can last from {CaptureRequest.DurationMin.TotalSeconds:0.0} to {CaptureRequest.DurationMax.TotalSeconds:0} s, or until it is stopped."
        : _mebibytes is null or < 1 || _mebibytes * LabLimits.MiB > CaptureRequest.BytesMax ? $"It can have 1 to {CaptureRequest.BytesMax / LabLimits.MiB} MiB."
        : Request.Mistake();

    private CaptureRequest Request => new(
        [.. Ends.Select(end => end.Nic).Where(_nics.Contains)],
        _seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        _mebibytes!.Value * LabLimits.MiB,
        _filter.Trim());

    /// <summary>A NIC that is gone is not asked for; on another link others are.</summary>
    protected override void OnParametersSet() => _nics.IntersectWith(Ends.Select(end => end.Nic));

    private void Toggle(CaptureNic nic)
    {
        if (!_nics.Remove(nic))
        {
            _nics.Add(nic);
        }
    }

    private void ReadFilter() => _mistake = CaptureFilter.TryParse(_filter, out _, out var mistake) ? null : mistake;

    private Task BeginAsync() => OnBegin.InvokeAsync(Request);
}
