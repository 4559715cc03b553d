using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace LabNet.Web.Dashboard.Links;

/// <summary>One link at a time; which one, which capture and which run are looked at is in the address.</summary>
public sealed partial class LinksPage : IAsyncDisposable
{
    /// <summary>So far back it is looked for since when pings are not answered, a stretch for each round of them.</summary>
    private static readonly TimeSpan Past = TimeSpan.FromHours(1);
    private const int PastBins = 360;

    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationToken _left;
    private LinksView _view = default!;
    private Link? _link;
    private LinkName? _loaded;
    private IReadOnlyDictionary<CaptureNic, IReadOnlyList<ImpairmentAbility>>? _abilities;
    private IReadOnlyList<TrafficRun>? _runs;
    private string? _problem;
    private bool _busy;
    private Actor _actor = new("", Role.Viewer, "dashboard");
    private FeedSubscription? _changes;
    private RenderThrottle? _throttle;
    private Task _following = Task.CompletedTask;
    private Task _asking = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    public LinksPage() => _left = _leaving.Token;

    [Inject]
    private VmRegistry Vms { get; set; } = default!;

    [Inject]
    private FaultRegistry FaultRegistry { get; set; } = default!;

    [Inject]
    private LinkImpairments Impairments { get; set; } = default!;

    [Inject]
    private FlowWatch FlowWatch { get; set; } = default!;

    [Inject]
    private CaptureRegistry CaptureRegistry { get; set; } = default!;

    [Inject]
    private TrafficRunStore RunStore { get; set; } = default!;

    [Inject]
    private PingStore PingStore { get; set; } = default!;

    [Inject]
    private LinkDesk Desk { get; set; } = default!;

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

    [SupplyParameterFromQuery(Name = "link")]
    private string? ChosenLink { get; set; }

    [SupplyParameterFromQuery(Name = "capture")]
    private string? ChosenCapture { get; set; }

    [SupplyParameterFromQuery(Name = "run")]
    private string? ChosenRun { get; set; }

    private Lab Lab => Vms.Lab;

    private string? WhyNot => !RendererInfo.IsInteractive ? "The page is not live yet." : _actor.Role < Role.Operator ? "This needs the role operator." : null;

    private IReadOnlyList<LinkEnd> EndsOf(Link link) => LinkEnd.Of(_view, link, Time.GetUtcNow());

    private IReadOnlyList<VmName> VmsOnLink => [.. Lab.Vms.Where(vm => vm.Nics.OfType<LinkNic>().Any(nic => nic.Link == _link!.Name)).Select(vm => vm.Name)];

    private IReadOnlyList<Fault> Faults =>
    [
        .. _view.Faults.Values.Where(fault => LinkEnd.NicOf(fault.Spec) is { } id && IsOnLink(fault.Vm, id)).OrderBy(fault => fault.StartedAt ?? fault.PlannedAt),
    ];

    private IReadOnlyList<string> NotCounted => [.. VmsOnLink.Select(vm => Vms.Find(vm)).OfType<VmSession>().Where(vm => vm.State.IsThere).Select(vm => vm.WhyNoTraffic).OfType<string>()];

    private IReadOnlyList<Capture> CapturesOf(IReadOnlyList<LinkEnd> ends) => [.. CaptureRegistry.All.Where(capture => capture.Parts.Any(part => ends.Any(end => end.Nic == part.Nic)))];

    private TrafficRun? Run => ChosenRun is null ? null : _runs?.FirstOrDefault(run => run.Id == ChosenRun);

    protected override async Task OnInitializedAsync()
    {
        _view = new LinksView(new LabView(Lab));
        var changes = Feed.Subscribe(LinksView.Wants);
        foreach (var record in changes.Snapshot)
        {
            _view = _view.Apply(record);
        }

        _view = _view.With(OpenFaults());
        if (RendererInfo.IsInteractive)
        {
            _changes = changes;
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
            _following = FollowAsync(_changes);
        }
        else
        {
            changes.Dispose();
        }

        _actor = ActorOf((await Authentication).User);
    }

    protected override void OnParametersSet()
    {
        _link = ChosenLink is null ? Lab.Links.FirstOrDefault() : Lab.Links.FirstOrDefault(link => link.Name.ToString() == ChosenLink);
        if (_link is not { } link || _loaded == link.Name)
        {
            return;
        }

        (_loaded, _abilities, _runs, _problem) = (link.Name, null, null, null);
        if (RendererInfo.IsInteractive)
        {
            Ask(link);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _changes?.Dispose();
        await _following;
        await _asking;
        await _render;
        _leaving.Dispose();
    }

    private void Ask(Link link) => _asking = Task.WhenAll(_asking, ReadPastAsync(link), AskAbilitiesAsync(link));

    /// <summary>Two hundred runs with their packets take a while to be read.</summary>
    private async Task ReadPastAsync(Link link)
    {
        var now = Time.GetUtcNow();
        try
        {
            var (runs, pings) = await Task.Run(
                () => (RunStore.Read(TrafficRunStore.RunsMax), PingStore.Read(link.Name, (now - Past).ToUnixTimeNs(), now.ToUnixTimeNs(), PastBins)), CancellationToken.None);
            if (_loaded == link.Name)
            {
                _runs = [.. runs.Where(run => run.Wish.Link == link.Name)];
                _view = _view.WithPast(link.Name, pings);
            }
        }
        catch (DatabaseException e)
        {
            _problem = $"What was before cannot be read: {e.Message}";
        }

        _throttle!.Request();
    }

    /// <summary>The first question tries the kernel, which takes a moment.</summary>
    private async Task AskAbilitiesAsync(Link link)
    {
        var ends = LinkEnd.Of(_view, link, Time.GetUtcNow()).Where(end => end.Id is not null).ToList();
        var abilities = await Task.Run(() => ends.ToDictionary(end => end.Nic, end => (IReadOnlyList<ImpairmentAbility>)Impairments.WhatWorks(end.Vm.Name, end.Id!.Value)), CancellationToken.None);
        if (_loaded == link.Name)
        {
            _abilities = abilities;
            _throttle!.Request();
        }
    }

    private async Task FollowAsync(FeedSubscription changes)
    {
        try
        {
            await foreach (var record in changes.ReadAllAsync(_left))
            {
                await InvokeAsync(() => Take(record));
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

    private void Take(FeedRecord record)
    {
        _view = _view.Apply(record);
        switch (record.Item)
        {
            case FeedGap when _link is { } link:
                _view = _view.With(OpenFaults());
                Ask(link);
                break;
            case TrafficRunChanged { Run: var run } when _runs is { } runs && run.Wish.Link == _link?.Name:
                _runs = runs.Any(one => one.Id == run.Id) ? [.. runs.Select(one => one.Id == run.Id ? run : one)] : [run, .. runs];
                break;
        }
    }

    private IEnumerable<Fault> OpenFaults() => Lab.Vms.SelectMany(vm => FaultRegistry.Of(vm.Name).Open);

    private bool IsOnLink(VmName vm, NicId nic) => Lab.Vms.Any(one => one.Name == vm && one.Nics.OfType<LinkNic>().Any(its => its.Id == nic && its.Link == _link?.Name));

    private Operation? OperationOf(TrafficRun run) => run.EndedAt is not null ? null
        : _view.Lab.OperationsOf(run.Wish.From).FirstOrDefault(operation => operation is { Kind: "traffic", State: OperationState.Running });

    private string AddressOf(string? capture = null, string? run = null) =>
        $"/links?link={_link!.Name}{(capture is null ? "" : $"&capture={capture}")}{(run is null ? "" : $"&run={run}")}";
}
