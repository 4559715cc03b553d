using System.Collections.Immutable;
using LabNet.Core.GuestAgent;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>Asks what to measure and begins it. What is refused stands under the fields until the next try.</summary>
public sealed partial class BenchmarkForm : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly BenchmarkWish _wish = new();
    private IReadOnlyList<string> _disks = [];
    private (bool CanAsk, ImmutableArray<PluggedDevice> Plugged)? _askedFor;
    private bool _beginning;
    private string? _refusal;

    [Inject]
    private IoBenchmarkRunner Runner { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The benchmark of this VM that runs; null for none.</summary>
    [Parameter]
    public Operation? Operation { get; set; }

    /// <summary>Told what was begun: a run, or a series of them.</summary>
    [Parameter]
    public EventCallback<RunChoice> OnBegun { get; set; }

    private string? WhyNot =>
        !RendererInfo.IsInteractive ? "The page is still connecting to LabNet."
        : Operation is not null ? "A benchmark runs, and two would measure each other."
        : State.Process is VmProcessState.Off or VmProcessState.Exited ? $"{State.Name} is off. Start it to measure its disks."
        : VmAsking.WhyNotGuest(State);

    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
    }

    /// <summary>Asks for the disks once, and again when QEMU is back or something was plugged.</summary>
    protected override async Task OnParametersSetAsync()
    {
        var canAsk = VmAsking.WhyNotQemu(State) is null;
        if (Actor.Role < Role.Operator || _askedFor is { } before && before.CanAsk == canAsk && before.Plugged == State.Plugged)
        {
            return;
        }

        _askedFor = (canAsk, State.Plugged);
        if (!canAsk)
        {
            return;
        }

        try
        {
            _disks = await IoBenchmarkRunner.ReadDisksAsync(Session, _leaving.Token);
            if (_disks is [var first, ..] && !_disks.Contains(_wish.Disk))
            {
                _wish.Disk = first;
            }
        }
        catch (QmpException e)
        {
            _refusal = $"The disks cannot be read: {e.Message}";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private async Task SubmitAsync()
    {
        if (_wish.Request is not { } request || WhyNot is not null || _beginning)
        {
            return;
        }

        (_beginning, _refusal) = (true, null);
        try
        {
            var begun = _wish.Plug is { } kind
                ? await Runner.BeginAroundPlugAsync(Session, request, kind, Actor, _leaving.Token)
                : await Runner.BeginAsync(Session, request, Actor, _leaving.Token);
            _wish.Destroys = "";
            await OnBegun.InvokeAsync(_wish.Plug is null ? new RunChoice(begun.Id) : new RunChoice(A: null, Series: begun.Id));
        }
        catch (Exception e) when (e is ForbiddenException or UnknownDiskException or VmConflictException or GuestAgentException or QmpException or DatabaseException)
        {
            _refusal = $"Not started: {e.Message}";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page: nothing was begun.
        }
        finally
        {
            _beginning = false;
        }
    }

    private string? Invalid(string field) => _wish.Mistake is { } mistake && mistake.Field == field ? "true" : null;

    private static string? Told((string Field, string Words)? mistake) => mistake is not { } one ? null : one.Field switch
    {
        "seconds" => $"Seconds each: {one.Words}",
        "repeats" => $"Repeats: {one.Words}",
        "label" => $"Label: {one.Words}",
        "destroys" => one.Words,
        _ => one.Words,
    };
}
