using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>Asks which trace events to switch on. What a pattern fits is told while it is typed.</summary>
public sealed partial class AddTraceSwitch
{
    private const int NamesTold = 6;

    private string _pattern = "";
    private TraceKeep _keep = TraceKeep.Store;
    private TraceFilterText _filter = TraceFilterText.None;
    private IReadOnlyList<TraceNameOffer> _offers = [];
    private IReadOnlyList<string> _fits = [];
    private string? _mistake = "";
    private TraceNameList? _namesBefore;

    [Parameter, EditorRequired]
    public TraceNameList Names { get; set; } = default!;

    /// <summary>Null where they can be switched.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    [Parameter]
    public EventCallback<TraceEventSwitch> OnAdd { get; set; }

    private string Told => _pattern.Length == 0 ? ""
        : _mistake ?? $"Fits {Figures.Count(_fits.Count)} of {Figures.Count(Names.Count)} events: {string.Join(", ", _fits.Take(NamesTold))}{(_fits.Count > NamesTold ? ", …" : "")}";

    protected override void OnParametersSet()
    {
        if (Names != _namesBefore)
        {
            _namesBefore = Names;
            Typed(_pattern);
        }
    }

    private void Typed(string? pattern)
    {
        _pattern = pattern?.Trim() ?? "";
        _offers = Names.Offer(_pattern);
        _fits = Names.Matching(_pattern);
        _mistake = new TraceEventSwitch(_pattern, Enabled: true).Mistake()
            ?? (_fits.Count > 0 ? null : $"No event of this QEMU {(_pattern.AsSpan().ContainsAny('*', '?') ? "fits" : "is called")} “{_pattern}”.");
    }

    private async Task SubmitAsync()
    {
        if (WhyNot is null && _mistake is null && _filter.Mistake is null)
        {
            await OnAdd.InvokeAsync(new TraceEventSwitch(_pattern, Enabled: true, _keep, _filter.Filter is null ? null : _filter.Text));
            _filter = TraceFilterText.None;
            Typed("");
        }
    }
}
