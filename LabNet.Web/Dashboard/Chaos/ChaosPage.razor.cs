using System.Collections.Immutable;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace LabNet.Web.Dashboard.Chaos;

/// <summary>Chaos plans and their runs; which plan and which run are looked at is in the address.</summary>
public sealed partial class ChaosPage : IAsyncDisposable
{
    private const string New = "new";

    /// <summary>What a page shows of a journal; the download has all of it.</summary>
    private const int LinesShown = 1000;

    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationToken _left;
    private IReadOnlyList<KeptPlan>? _plans;
    private IReadOnlyList<ChaosRun>? _runs;
    private KeptPlan? _plan;
    private ChaosRun? _run;
    private ImmutableArray<ChaosLine> _lines = [];
    private long _linesBefore;
    private string? _loadedPlan;
    private string? _loadedRun;
    private string _text = "";
    private ChaosPlanReading? _reading;
    private ChaosSchedule? _schedule;
    private string? _scheduleProblem;
    private string? _problem;
    private bool _busy;
    private Actor _actor = new("", Role.Viewer, "dashboard");
    private FeedSubscription? _changes;
    private RenderThrottle? _throttle;
    private Task _following = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    public ChaosPage() => _left = _leaving.Token;

    [Inject]
    private ChaosRuns Chaos { get; set; } = default!;

    [Inject]
    private ChaosStore Store { get; set; } = default!;

    [Inject]
    private ChaosDesk Desk { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private ActorOf ActorOf { get; set; } = default!;

    [CascadingParameter]
    private Task<AuthenticationState> Authentication { get; set; } = default!;

    /// <summary>A plan's id; <c>new</c> for one that is not kept yet.</summary>
    [SupplyParameterFromQuery(Name = "plan")]
    private string? ChosenPlan { get; set; }

    [SupplyParameterFromQuery(Name = "run")]
    private string? ChosenRun { get; set; }

    private bool IsNew => _plan is null;

    private bool IsChanged => _plan is null || _text != _plan.Text;

    private string? WhyNot => !RendererInfo.IsInteractive ? "The page is not live yet." : _actor.Role < Role.Operator ? "This needs the role operator." : null;

    private string? WhyNotRun => WhyNot ?? (Chaos.Current is { } current ? $"A run of {current.Name} goes on." : null);

    protected override async Task OnInitializedAsync()
    {
        _actor = ActorOf((await Authentication).User);
        if (RendererInfo.IsInteractive)
        {
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
            _changes = Feed.Subscribe(record => record.Item is ChaosRunChanged);
            _following = FollowAsync(_changes);
        }
    }

    protected override void OnParametersSet()
    {
        try
        {
            _plans ??= Store.ReadPlans();
            var run = ChosenRun is null ? null : Store.FindRun(ChosenRun);
            ChoosePlan(ChosenPlan ?? run?.PlanId ?? Chaos.Current?.PlanId ?? (_plans is [var first, ..] ? first.Id : New));
            ChooseRun(run);
            _problem = null;
        }
        catch (DatabaseException e)
        {
            _problem = $"The plans cannot be read: {e.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _changes?.Dispose();
        await _following;
        await _render;
        _leaving.Dispose();
    }

    private void ChoosePlan(string id)
    {
        if (id == _loadedPlan)
        {
            return;
        }

        _loadedPlan = id;
        _plan = id == New ? null : Store.FindPlan(id);
        Edit(_plan?.Text ?? ChaosWords.NewPlan);
    }

    /// <summary>The one of the address, the one that goes on, or the plan's newest.</summary>
    private void ChooseRun(ChaosRun? chosen)
    {
        _runs = Store.ReadRuns(_plan?.Id);
        var run = ChosenRun is not null ? chosen : Chaos.Current is { } current && (_plan is null || current.PlanId == _plan.Id) ? current : _plan is not null && _runs is [var newest, ..] ? newest : null;
        if (run?.Id != _loadedRun)
        {
            _loadedRun = run?.Id;
            ReadJournal(run);
        }
    }

    private void ReadJournal(ChaosRun? run)
    {
        _run = run;
        var last = run is null ? 0 : Store.ReadLastLine(run.Id);
        _linesBefore = Math.Max(0, last - LinesShown);
        _lines = run is null ? [] : [.. Store.ReadJournal(run.Id, _linesBefore, LinesShown)];
    }

    private async Task FollowAsync(FeedSubscription changes)
    {
        try
        {
            await foreach (var record in changes.ReadAllAsync(_left))
            {
                await InvokeAsync(() => Take(record.Item));
                _throttle!.Request();
            }
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
    }

    private void Take(FeedItem item)
    {
        if (item is FeedGap)
        {
            ReadJournal(_run is null ? null : Store.FindRun(_run.Id));
            _runs = Store.ReadRuns(_plan?.Id);
        }

        if (item is not ChaosRunChanged { Run: var run, Line: var line })
        {
            return;
        }

        if (run.Id == _run?.Id)
        {
            _run = run;
            if (line is not null && (_lines.IsEmpty || line.Number > _lines[^1].Number))
            {
                _lines = [.. _lines.Skip(_lines.Length >= LinesShown ? 1 : 0), line];
                _linesBefore = _lines[0].Number - 1;
            }
        }

        if (_runs is { } runs && (_plan is null || run.PlanId == _plan.Id))
        {
            _runs = runs.Any(one => one.Id == run.Id) ? [.. runs.Select(one => one.Id == run.Id ? run : one)] : [run, .. runs];
        }
    }

    /// <summary>What is typed is read at once, so that a mistake is told while it is made.</summary>
    private void Edit(string text)
    {
        _text = text;
        _reading = Chaos.Read(text);
        (_schedule, _scheduleProblem) = (null, null);
        if (_reading.Plan is not null)
        {
            try
            {
                _schedule = Chaos.Schedule(text, seed: null);
            }
            catch (ChaosPlanException e)
            {
                _scheduleProblem = e.Message;
            }
        }
    }

    private Task SaveAsync() => DoAsync(async () =>
    {
        if (await Desk.SaveAsync(_text, _actor, _left) is { } kept)
        {
            _plans = Store.ReadPlans();
            (_plan, _loadedPlan) = (kept, kept.Id);
            Navigation.NavigateTo(AddressOf(kept));
        }
    });

    private Task RunAsync(ulong? seed) => DoAsync(async () =>
    {
        var kept = IsChanged ? await Desk.SaveAsync(_text, _actor, _left) : _plan;
        if (kept is not null && await Desk.BeginAsync(kept, seed, replays: null, _actor, _left) is { } run)
        {
            _plans = Store.ReadPlans();
            (_plan, _loadedPlan) = (kept, kept.Id);
            Navigation.NavigateTo(AddressOf(run));
        }
    });

    private Task ReplayAsync(ChaosRun run) => DoAsync(async () =>
    {
        if ((_plan ?? Store.FindPlan(run.PlanId)) is { } kept && await Desk.BeginAsync(kept, seed: null, run, _actor, _left) is { } again)
        {
            Navigation.NavigateTo(AddressOf(again));
        }
    });

    private Task StopAsync(ChaosRun run) => DoAsync(() => Desk.StopAsync(run, _actor, _left));

    private Task DeleteAsync() => DoAsync(async () =>
    {
        if (_plan is { } plan && await Desk.DeleteAsync(plan, _actor, _left))
        {
            _plans = Store.ReadPlans();
            Navigation.NavigateTo("/chaos");
        }
    });

    private async Task DoAsync(Func<Task> action)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await action();
        }
        finally
        {
            _busy = false;
        }
    }

    private static string AddressOf(KeptPlan plan) => $"/chaos?plan={plan.Id}";

    private static string AddressOf(ChaosRun run) => $"/chaos?plan={run.PlanId}&run={run.Id}";
}
