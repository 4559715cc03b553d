using LabNet.Core.Recovery;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>The policy, to be seen and changed, and the breaker. What somebody else sets meanwhile shows unless these fields were touched.</summary>
public sealed partial class RecoveryForm : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private RecoveryWish _wish = RecoveryWish.Of(RecoveryPolicy.Default);
    private RecoveryStanding? _shown;
    private bool _touched;
    private bool _saving;
    private string? _refusal;

    [Parameter, EditorRequired]
    public VmRecovery Recovery { get; set; } = default!;

    [Parameter, EditorRequired]
    public RecoveryStanding Standing { get; set; } = default!;

    /// <summary>The names of the snapshots that have a machine, the newest first.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<string> Snapshots { get; set; } = [];

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    private string? WhyNot => Actor.Role < Role.Operator ? "To change this you need the role operator."
        : !RendererInfo.IsInteractive ? "The page is still connecting to LabNet."
        : null;

    private string? Mistake => _wish.Action == RecoveryAction.Restore && _wish.Snapshot.Length == 0 ? "There is no snapshot yet. Take one first."
        : Recovery.MistakeOf(_wish.ToPolicy());

    /// <summary>One that is set stays to be seen when it is there no longer.</summary>
    private IEnumerable<string> Names => _wish.Snapshot.Length == 0 || Snapshots.Contains(_wish.Snapshot) ? Snapshots : [_wish.Snapshot, .. Snapshots];

    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
    }

    protected override void OnParametersSet()
    {
        if (!_touched && _shown?.Policy != Standing.Policy)
        {
            _wish = RecoveryWish.Of(Standing.Policy);
        }

        _shown = Standing;
    }

    private void Choose(RecoveryAction action)
    {
        _wish.Action = action;
        if (action == RecoveryAction.Restore && _wish.Snapshot.Length == 0)
        {
            _wish.Snapshot = Snapshots is [var newest, ..] ? newest : "";
        }

        Touch();
    }

    private void Touch() => (_touched, _refusal) = (true, null);

    private Task SaveAsync() => SetAsync(_wish.ToPolicy());

    private Task CloseAsync() => SetAsync(Standing.Policy);

    private async Task SetAsync(RecoveryPolicy policy)
    {
        (_saving, _refusal) = (true, null);
        try
        {
            await Recovery.SetAsync(policy, Actor, _leaving.Token);
            _touched = false;
        }
        catch (Exception e) when (e is ArgumentException or ForbiddenException or DatabaseException)
        {
            _refusal = e.Message;
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        finally
        {
            _saving = false;
        }
    }
}
