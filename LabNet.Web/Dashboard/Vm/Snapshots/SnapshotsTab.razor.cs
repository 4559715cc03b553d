using System.Collections.Immutable;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>A VM's snapshots as the tree that they are; taken, restored, deleted and compared. Which two are compared is in the address.</summary>
public sealed partial class SnapshotsTab : IAsyncDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private VmSnapshots _snapshots = default!;
    private string? _closed;
    private ElementReference _panel;
    private ElementReference _title;
    private BrowserPart? _focus;

    [Inject]
    private SnapshotRegistry Registry { get; set; } = default!;

    [Inject]
    private SnapshotDesk Desk { get; set; } = default!;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The VM's: those that run, then the one that ended last.</summary>
    [Parameter]
    public ImmutableArray<Operation> Operations { get; set; } = [];

    [SupplyParameterFromQuery(Name = "a")]
    private string? A { get; set; }

    [SupplyParameterFromQuery(Name = "b")]
    private string? B { get; set; }

    private Operation? Running => Operations.FirstOrDefault(operation => operation.State == OperationState.Running && SnapshotWords.IsOne(operation));

    private Operation? Ended => Operations.FirstOrDefault(operation => operation.State != OperationState.Running && SnapshotWords.IsOne(operation));

    private Operation? Failure => Running is null && Ended is { State: not OperationState.Succeeded } failed && failed.Id != _closed ? failed : null;

    private ChosenSnapshots Chosen => ChosenSnapshots.Of(_tree, new SnapshotChoice(A, B));

    private string Sum
    {
        get
        {
            var there = _tree.There.ToList();
            return there.Count == 0 ? "" : $"{there.Count}, which {(there.Count == 1 ? "holds" : "hold")} {Figures.Bytes(there.Sum(one => one.VmStateBytes))} of memory";
        }
    }

    private string? WhyNotTake => Actor.Role < Role.Operator ? $"You are {Actor.Role.Word()}: taking, restoring and deleting need {Role.Operator.Word()}."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : State.IsThere ? VmAsking.WhyNotQemu(State) ?? _disks?.WhyNot
        : State.Process is VmProcessState.Starting ? VmAsking.WhyNotQemu(State)
        : State.Definition is Core.Labs.AttachedVm ? VmAsking.WhyNotQemu(State)
        : $"{State.Name} is off: a snapshot keeps a machine that is there, so start it to take one.{(_tree.There.Any() ? " Restoring one works now, and starts it." : "")}";

    private string? WhyNotAct => Running is null ? null : "Something is under way with the snapshots. Wait for its end.";

    private IEnumerable<string> Notices
    {
        get
        {
            string?[] notices =
            [
                _problem is null ? null : $"QEMU could not be asked what the disks hold: {_problem} What stands below is what was known before.",
                _tree.HeadDoubt is { } doubt ? $"What the machine came from is not certain. {doubt} The next snapshot that is taken begins a tree of its own." : null,
                Running is null ? SnapshotWords.Open(_tree) : null,
                Running is null ? SnapshotWords.Owed(_tree, State.Name) : null,
            ];
            return notices.OfType<string>();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await EndFollowingAsync();
        await (_focus?.DisposeAsync() ?? ValueTask.CompletedTask);
        _leaving.Dispose();
    }

    protected override void OnInitialized()
    {
        _snapshots = Registry.Of(State.Name);
        BeginToFollow();
    }

    protected override void OnParametersSet() => AskIfChanged();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _focus = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/Snapshots/SnapshotsTab.razor.js");
            await _focus.OpenAsync(_panel, _title);
        }
    }

    private Task TakeAsync() => WhyNotAct is not null ? Task.CompletedTask : Desk.TakeAsync(_snapshots, _disks, Actor, _leaving.Token);

    private async Task RestoreAsync(Snapshot snapshot)
    {
        if (WhyNotAct is not null)
        {
            return;
        }

        // What could have changed without a word, such as a fault that is in force on a disk.
        await AskAsync();
        await Desk.RestoreAsync(_snapshots, snapshot, State.IsThere ? _disks : null, Actor, _leaving.Token);
    }

    private Task DeleteAsync(Snapshot snapshot) => WhyNotAct is not null ? Task.CompletedTask : Desk.DeleteAsync(_snapshots, snapshot, Actor, _leaving.Token);

    private string AddressOf(SnapshotChoice choice) =>
        Navigation.GetUriWithQueryParameters(VmTab.Snapshots.Address(State.Name), new Dictionary<string, object?> { ["a"] = choice.A, ["b"] = choice.B });
}
