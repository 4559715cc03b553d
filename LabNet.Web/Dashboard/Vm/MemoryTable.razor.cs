using LabNet.Core.Devices;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The ranges of an address space, as far as the filter leaves them.</summary>
public sealed partial class MemoryTable : IAsyncDisposable
{
    private List<MemoryRow> _shown = [];
    private ElementReference _rows;
    private Task<IJSObjectReference>? _module;
    private ulong? _revealed;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

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

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_module is not null)
            {
                await (await _module).DisposeAsync();
            }
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and the table with it.
        }
    }

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
            _module ??= JavaScript.InvokeAsync<IJSObjectReference>("import", "./Dashboard/Vm/MemoryTable.razor.js").AsTask();
            await (await _module).InvokeVoidAsync("reveal", _rows);
        }
    }
}
