using System.Collections.Immutable;
using LabNet.Core.Workbench;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>The registers of a device, with what was seen of them. What changes while one looks is shown by a colour that fades.</summary>
public sealed partial class RegisterTable
{
    private ImmutableDictionary<(int Bar, string Name), long> _atFirst = ImmutableDictionary<(int, string), long>.Empty;
    private string? _shownBefore;
    private int _bars;

    /// <summary>By BAR and offset.</summary>
    [Parameter, EditorRequired]
    public ImmutableArray<RegisterValue> Values { get; set; } = [];

    /// <summary>Whose registers they are: with another one nothing has changed yet. Null while what is known from before is being read.</summary>
    [Parameter, EditorRequired]
    public string? Shown { get; set; }

    [Parameter]
    public long Elsewhere { get; set; }

    [Parameter]
    public bool IsIncomplete { get; set; }

    /// <summary>The register that is to be read or written.</summary>
    [Parameter]
    public (int Bar, string Name)? Chosen { get; set; }

    [Parameter]
    public EventCallback<RegisterValue> OnChoose { get; set; }

    protected override void OnParametersSet()
    {
        _bars = Values.Select(value => value.Bar).Distinct().Count();
        if (Shown != _shownBefore)
        {
            _shownBefore = Shown;
            _atFirst = Values.ToImmutableDictionary(value => (value.Bar, value.Register.Name), value => value.Accesses);
        }
    }

    private bool IsFresh(RegisterValue value) => Shown is not null && _atFirst.GetValueOrDefault((value.Bar, value.Register.Name)) != value.Accesses;

    private bool IsChosen(RegisterValue value) => Chosen == (value.Bar, value.Register.Name);
}
