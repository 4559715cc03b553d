using LabNet.Core.Labs;
using LabNet.Web.Dashboard.Charts;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Overview;

/// <summary>The lab at a glance.</summary>
public sealed partial class LabPage
{
    /// <summary>More VMs than these are rows of a table.</summary>
    private const int CardsMax = 6;

    private VmName? _selected;
    private IReadOnlyList<ChartSpec> _charts = [];

    /// <summary>The VM that is looked at, in the URL so that the view can be shared.</summary>
    [SupplyParameterFromQuery(Name = "vm")]
    private string? SelectedName { get; set; }

    private bool HasLinks => !View.Lab.Links.IsEmpty;

    /// <summary>A row of charts for each VM, for as many as have a card.</summary>
    protected override void OnInitialized() => _charts = [.. Registry.Lab.Vms.Take(CardsMax).SelectMany(vm => VmCharts.Overview(vm.Name))];

    protected override void OnParametersSet() => _selected = VmName.TryParse(SelectedName, out var name) ? name : null;
}
