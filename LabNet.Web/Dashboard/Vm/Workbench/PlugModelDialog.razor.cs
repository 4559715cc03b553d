using System.Collections.Immutable;
using LabNet.Core.Devices;
using LabNet.Core.PciModels;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>Asks with what a custom device is plugged in; the answer is a <see cref="PciPlugRequest"/>.</summary>
public sealed partial class PlugModelDialog
{
    private readonly SortedDictionary<string, string> _given = new(StringComparer.Ordinal);
    private string _id = "";

    [Inject]
    private DialogService Dialogs { get; set; } = default!;

    [Parameter, EditorRequired]
    public PciModel Model { get; set; } = default!;

    [Parameter, EditorRequired]
    public IReadOnlySet<string> TakenIds { get; set; } = default!;

    /// <summary>What the fields say, right or wrong.</summary>
    private PciPlugRequest Request => new(Model, _id.Trim(), _given.ToImmutableSortedDictionary(StringComparer.Ordinal));

    protected override void OnInitialized()
    {
        var word = Model.Name[(Model.Name.LastIndexOf('-') + 1)..];
        _id = Enumerable.Range(0, int.MaxValue).Select(number => $"{word}{number}").First(id => !TakenIds.Contains(id));
    }

    private void Give(PciModelProperty property, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            _given.Remove(property.Name);
        }
        else
        {
            _given[property.Name] = value.Trim();
        }
    }

    private void Submit()
    {
        if (Request is { Mistake: null } request)
        {
            Dialogs.Close(request);
        }
    }
}
