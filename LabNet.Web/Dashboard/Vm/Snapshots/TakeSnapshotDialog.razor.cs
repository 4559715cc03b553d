using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>Asks for a snapshot's name and its note; stays open while it is refused.</summary>
public sealed partial class TakeSnapshotDialog
{
    /// <summary>A screen of text; what is longer belongs into a file.</summary>
    private const int NoteLengthMax = 2000;

    private string _name = "";
    private string _note = "";
    private string? _refusal;
    private bool _asking;

    [Inject]
    private DialogService Dialogs { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public SnapshotTree Tree { get; set; } = default!;

    /// <summary>The block nodes that it will cover; empty where nobody knows.</summary>
    [Parameter]
    public IReadOnlyList<string> Disks { get; set; } = [];

    /// <summary>Takes it by name and note. Answers why not; null if it has begun.</summary>
    [Parameter, EditorRequired]
    public Func<string, string, Task<string?>> Begin { get; set; } = default!;

    private string Name => _name.Trim();

    private string? Mistake => VmSnapshots.MistakeOf(Name)
        ?? (Tree.There.Any(one => one.Name == Name) ? "There is a snapshot of this name already." : null);

    protected override void OnInitialized() =>
        _name = Enumerable.Range(Tree.There.Count() + 1, int.MaxValue - Tree.Snapshots.Length - 1).Select(number => $"snapshot {number}").First(name => Tree.There.All(one => one.Name != name));

    private async Task SubmitAsync()
    {
        if (Mistake is not null || _asking)
        {
            return;
        }

        _asking = true;
        _refusal = await Begin(Name, _note.Trim());
        _asking = false;
        if (_refusal is null)
        {
            Dialogs.Close();
        }
    }
}
