using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Charts;

/// <summary>
/// Charts of metrics over the time that the address names. Their values go from the hub and the REST API to the browser without this
/// component, so that ten samples a second cost the circuit nothing.
/// </summary>
public sealed partial class MetricBoard : IAsyncDisposable
{
    private DotNetObjectReference<MetricBoard>? _self;
    private ElementReference _root;
    private BrowserPart? _board;
    private TimeRange _range = TimeRange.Default;
    private TimeRange? _shown;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public IReadOnlyList<ChartSpec> Charts { get; set; } = [];

    /// <summary>Many beside each other; they are content with a sample a second.</summary>
    [Parameter]
    public bool Small { get; set; }

    [SupplyParameterFromQuery(Name = "range")]
    private string? Word { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    /// <summary>Somebody dragged across a chart. Milliseconds since 1970.</summary>
    [JSInvokable]
    public void Zoom(long fromMs, long toMs) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(
        TimeRange.Between(DateTimeOffset.FromUnixTimeMilliseconds(fromMs), DateTimeOffset.FromUnixTimeMilliseconds(toMs)).ToQuery()));

    protected override void OnParametersSet() => _range = TimeRange.Of(Word, From, To);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await OpenAsync();
        }
        else if (_shown != _range)
        {
            _shown = _range;
            await _board!.InvokeVoidAsync("setRange", Wire(_range));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_board is not null)
        {
            await _board.DisposeAsync();
        }

        _self?.Dispose();
    }

    private Task OpenAsync()
    {
        _self = DotNetObjectReference.Create(this);
        _board = new BrowserPart(JavaScript, Time, "./Dashboard/Charts/MetricBoard.razor.js");
        _shown = _range;
        var specs = Charts.Select(chart => new { chart.Title, Vm = chart.Vm.ToString(), chart.Metrics, chart.Unit, chart.AtLeast, chart.Missing, chart.Names, chart.Nothing });
        return _board.OpenAsync(_root, specs, Wire(_range), !Small, _self);
    }

    private static object Wire(TimeRange range) => new
    {
        LiveMs = range.Live?.TotalMilliseconds,
        FromMs = range.From.ToUnixTimeMilliseconds(),
        ToMs = range.To.ToUnixTimeMilliseconds(),
    };
}
