using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Charts;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Events;

/// <summary>The history of events; what is looked for is in the address. Its newest page follows what happens, by the feed.</summary>
public sealed partial class EventsPage : IAsyncDisposable
{
    private const int EventsShown = 100;

    /// <summary>In the time's field, for a stretch that only the address can name.</summary>
    private const string StillWord = "still";

    private static readonly TimeSpan ChartsAround = TimeSpan.FromMinutes(2.5);

    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationToken _left;
    private readonly List<LabEvent> _early = [];
    private FeedSubscription? _subscription;
    private RenderThrottle? _throttle;
    private Task _loop = Task.CompletedTask;
    private Task _render = Task.CompletedTask;
    private EventQuery? _query;
    private TimeRange? _range;
    private EventList? _list;
    private IReadOnlyList<LabEvent>? _events;
    private PageCursor? _older;
    private string? _problem;
    private bool _paused;

    public EventsPage() => _left = _leaving.Token;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    [Inject]
    private EventStore Store { get; set; } = default!;

    [Inject]
    private EventRecorder Recorder { get; set; } = default!;

    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [SupplyParameterFromQuery(Name = "vm")]
    private string? VmName { get; set; }

    [SupplyParameterFromQuery(Name = "kind")]
    private string? Kind { get; set; }

    [SupplyParameterFromQuery(Name = "text")]
    private string? Text { get; set; }

    [SupplyParameterFromQuery(Name = "range")]
    private string? Word { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    /// <summary>Behind which event; null for the newest.</summary>
    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    private bool IsFiltered => VmName is not null || Kind is not null || Text is not null || _range is not null;

    /// <summary>Whether what happens belongs on this page.</summary>
    private bool IsNewest => Before is null && _range is null or { IsLive: true };

    private string Standing => Before is not null ? "Older events" : !IsNewest ? "A time in the past" : _paused ? $"Paused{(_list is { Withheld: > 0 and var more } ? $", {more} new" : "")}" : "Following";

    protected override void OnInitialized()
    {
        if (RendererInfo.IsInteractive)
        {
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(StateHasChanged));
            _subscription = Feed.Subscribe(record => record.Item is EventItem);
            _loop = FollowLoopAsync(_subscription);
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        _range = Word is null && From is null ? null : TimeRange.Of(Word, From, To);
        var from = _range?.Live is { } length ? Time.GetUtcNow() - length : _range?.From;
        var to = _range is { IsLive: false } ? _range.To : (DateTimeOffset?)null;
        var query = new EventQuery(
            EventsShown + 1,
            PageCursor.TryParse(Before, out var cursor) ? cursor : null,
            VmName is null ? null : new FeedSource(VmName),
            Kind is null ? null : [Kind],
            Given(Text),
            from?.ToUnixTimeNs(),
            to?.ToUnixTimeNs());
        if (query != _query)
        {
            _query = query;
            _events = null;
            await LoadAsync(query);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        _subscription?.Dispose();
        await _loop;
        await _render;
        _leaving.Dispose();
    }

    private async Task LoadAsync(EventQuery query)
    {
        (_list, _older, _problem) = (null, null, null);
        _early.Clear();
        try
        {
            await Recorder.CatchUpAsync(_left);
            var read = await Task.Run(() => Store.Read(query), _left);
            if (query != _query)
            {
                return;
            }

            _older = read.Count > EventsShown ? read[EventsShown - 1].Cursor : null;
            _list = new EventList(read.Take(EventsShown), EventsShown) { IsHeld = _paused };
            _early.ForEach(_list.Add);
            _early.Clear();
            _events = _list.Shown;
        }
        catch (DatabaseException e)
        {
            _problem = $"The history cannot be read: {e.Message}";
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private async Task FollowLoopAsync(FeedSubscription subscription)
    {
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_left))
            {
                if (record.Item is FeedGap)
                {
                    // This page was too slow: the history has what it missed. A page that stands still reads it when it goes on.
                    await (_paused ? Task.CompletedTask : LoadAsync(_query!));
                }
                else if (IsNewest && LabEvent.Of(record) is { } one && _query?.Wants(one) == true)
                {
                    Take(one);
                }
                else
                {
                    continue;
                }

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

    private void Take(LabEvent e)
    {
        if (_list is { } list)
        {
            list.Add(e);
            _events = list.Shown;
        }
        else if (_problem is null && _early.Count < EventsShown)
        {
            // The page is being read, perhaps without this one.
            _early.Add(e);
        }
    }

    private async Task PauseOrFollowAsync()
    {
        _paused = !_paused;
        if (_list is { } list)
        {
            list.IsHeld = _paused;
        }

        if (!_paused)
        {
            await LoadAsync(_query!);
        }
    }

    private void Go(string? vm = null, string? kind = null, string? text = null, string? range = null)
    {
        var isStill = range == StillWord || (range is null && _range is { IsLive: false });
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters("/events", new Dictionary<string, object?>
        {
            ["vm"] = Given(vm ?? VmName),
            ["kind"] = Given(kind ?? Kind),
            ["text"] = Given(text ?? Text),
            ["range"] = isStill ? null : Given(range ?? Word),
            ["from"] = isStill ? From : null,
            ["to"] = isStill ? To : null,
        }));
    }

    /// <summary>The fields go by themselves when they change; the form's own way is for a page that is not live yet.</summary>
    private static void Stay()
    {
    }

    private string Address(string? before) => Navigation.GetUriWithQueryParameter("before", before);

    private string Address(TimeRange range) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(range.ToQuery()) { ["before"] = null });

    /// <summary>The VM's charts around that moment.</summary>
    private string Charts(LabEvent e)
    {
        var at = UnixTime.FromUnixTimeNs(e.TimeNs);
        return Navigation.GetUriWithQueryParameters($"/vms/{e.Source.Name}/cpu-memory", TimeRange.Between(at - ChartsAround, at + ChartsAround).ToQuery());
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
