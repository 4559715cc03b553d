using LabNet.Core.Feed;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>What is done when the VM crashes, and its crashes with what was kept of them; which one is looked at is in the address.</summary>
public sealed partial class RecoveryTab : IAsyncDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private VmRecovery _recovery = default!;
    private RecoveryStanding _standing = RecoveryStanding.AtFirst;
    private IReadOnlyList<string> _snapshots = [];
    private IReadOnlyList<Incident>? _incidents;
    private Incident? _chosen;
    private CrashEvidence? _evidence;
    private string? _evidenceOf;
    private string? _evidenceProblem;
    private string? _problem;
    private FeedSubscription? _changes;
    private RenderThrottle? _throttle;
    private Task _following = Task.CompletedTask;
    private Task _render = Task.CompletedTask;

    [Inject]
    private RecoveryRegistry Recoveries { get; set; } = default!;

    [Inject]
    private RecoveryStore Store { get; set; } = default!;

    [Inject]
    private RecoveryDesk Desk { get; set; } = default!;

    [Inject]
    private SnapshotRegistry Snapshots { get; set; } = default!;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>An incident's id.</summary>
    [SupplyParameterFromQuery(Name = "incident")]
    private string? Chosen { get; set; }

    protected override async Task OnInitializedAsync()
    {
        _recovery = Recoveries.Of(State.Name);
        _snapshots = NamesOf(Snapshots.Of(State.Name).Tree);
        var source = new FeedSource(State.Name.ToString());
        _changes = Feed.Subscribe(record => record.Source == source && record.Item is IncidentChanged or RecoveryChanged or SnapshotsChanged);
        _standing = _recovery.Standing;
        await ReadAsync();
        if (RendererInfo.IsInteractive)
        {
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
            _following = FollowAsync(_changes);
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_incidents is not null)
        {
            await ChooseAsync();
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

    private async Task FollowAsync(FeedSubscription changes)
    {
        try
        {
            await foreach (var record in changes.ReadAllAsync(_leaving.Token))
            {
                await InvokeAsync(() => TakeAsync(record.Item));
                _throttle!.Request();
            }
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
    }

    private async Task TakeAsync(FeedItem item)
    {
        switch (item)
        {
            case RecoveryChanged { Standing: var standing }:
                _standing = standing;
                break;
            case SnapshotsChanged { Tree: var tree }:
                _snapshots = NamesOf(tree);
                break;
            case IncidentChanged { Incident: var incident }:
                _incidents = [incident, .. (_incidents ?? []).Where(one => one.Id != incident.Id)];
                await ChooseAsync();
                break;
            case FeedGap:
                await ReadAsync();
                break;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            _incidents = await Task.Run(() => Store.Read(State.Name), _leaving.Token);
            _problem = null;
        }
        catch (DatabaseException e)
        {
            _problem = $"The crashes cannot be read: {e.Message.TrimEnd('.')}.";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            return;
        }

        await ChooseAsync();
    }

    /// <summary>The evidence is written once, before an incident is told.</summary>
    private async Task ChooseAsync()
    {
        _chosen = _incidents?.FirstOrDefault(one => one.Id == Chosen);
        if (_chosen is null || _evidenceOf == _chosen.Id)
        {
            return;
        }

        (_evidence, _evidenceProblem) = (null, null);
        var id = _chosen.Id;
        try
        {
            var evidence = await Task.Run(() => Store.FindEvidence(id), _leaving.Token);
            if (_chosen?.Id == id)
            {
                (_evidence, _evidenceOf) = (evidence, evidence is null ? null : id);
            }
        }
        catch (Exception e) when (e is DatabaseException or DamagedSegmentException or System.Text.Json.JsonException)
        {
            _evidenceProblem = $"What was kept of it cannot be read: {e.Message}";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private async Task ForgetAsync(Incident incident)
    {
        if (!await Desk.ForgetAsync(_recovery, incident, Actor, _leaving.Token))
        {
            return;
        }

        _incidents = [.. (_incidents ?? []).Where(one => one.Id != incident.Id)];
        if (Chosen == incident.Id)
        {
            Navigation.NavigateTo(AddressOf(null));
        }
    }

    private static IReadOnlyList<string> NamesOf(SnapshotTree tree) => [.. tree.There.Where(one => one.VmStateBytes > 0).Select(one => one.Name).Reverse()];

    private string AddressOf(Incident? incident) => Navigation.GetUriWithQueryParameters(
        VmTab.Recovery.Address(State.Name), new Dictionary<string, object?> { ["incident"] = incident?.Id == Chosen ? null : incident?.Id });
}
