using LabNet.Core.Devices;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The ranges of an address space, as far as the filter leaves them.</summary>
public sealed partial class MemoryTable
{
    private List<MemoryRow> _shown = [];

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

    protected override void OnParametersSet() => _shown = [.. Rows.Where(row => Fits(row, Filter, Kind))];
}
