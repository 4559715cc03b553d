using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The ranges of an address space, as far as the filter leaves them.</summary>
public sealed partial class MemoryTable : IAsyncDisposable
{
    private List<MemoryRow> _shown = [];
    private ElementReference _rows;
    private BrowserPart? _scroller;
    private ulong? _revealed;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public IReadOnlyList<MemoryRow> Rows { get; set; } = [];

    [Parameter]
    public MemoryRow? Chosen { get; set; }

    [Parameter]
    public string Filter { get; set; } = "";

    /// <summary>Empty for all.</summary>
    [Parameter]
    public string Kind { get; set; } = "";

    [Parameter]
    public EventCallback<string> OnFilter { get; set; }

    [Parameter]
    public EventCallback<string> OnKind { get; set; }

    /// <summary>The page's address with that range chosen.</summary>
    [Parameter, EditorRequired]
    public Func<MemoryRow, string> AddressOf { get; set; } = default!;

    [Parameter, EditorRequired]
    public Func<PciBar, string> DeviceAddressOf { get; set; } = default!;

    public static bool Fits(MemoryRow row, string filter, string kind)
    {
        string?[] texts = [row.Range.Name, row.Range.Owner?.ToString(), row.Bar?.Words];
        return (kind.Length == 0 || row.Range.Kind == kind)
            && (filter.Length == 0 || texts.Any(text => text?.Contains(filter, StringComparison.OrdinalIgnoreCase) is true));
    }

    public ValueTask DisposeAsync() => _scroller?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override void OnParametersSet() => _shown = [.. Rows.Where(row => Fits(row, Filter, Kind))];

    /// <summary>Once for each that is chosen: who then scrolls away is left in peace.</summary>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_revealed == Chosen?.Range.Start)
        {
            return;
        }

        _revealed = Chosen?.Range.Start;
        if (Chosen is not null && _shown.Contains(Chosen))
        {
            if (_scroller is null)
            {
                _scroller = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/MemoryTable.razor.js");
                await _scroller.OpenAsync(_rows);
            }

            await _scroller.InvokeVoidAsync("reveal");
        }
    }
}
