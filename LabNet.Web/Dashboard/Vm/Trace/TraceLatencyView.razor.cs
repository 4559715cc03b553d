using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Web.Dashboard.Charts;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Vm.Benchmark;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>How long requests took, by the events that end them, read from the history again and again while it is looked at.</summary>
public sealed partial class TraceLatencyView : IAsyncDisposable
{
    /// <summary>More columns than that are narrower than the eye tells apart on half a page.</summary>
    private const int Bins = 90;

    /// <summary>Plotly needs some tens of milliseconds of the browser for a picture.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    private static readonly IReadOnlyList<(string Word, TimeSpan Length, string Title)> Ranges = [.. TimeRange.Lives.Take(5)];

    private readonly CancellationTokenSource _leaving = new();
    private readonly SemaphoreSlim _ask = new(0);
    private Task _readLoop = Task.CompletedTask;
    private IReadOnlyList<TraceStatistic>? _statistics;
    private TraceLatencies? _latencies;
    private TraceLatencies? _drawn;
    private (string Word, TimeSpan Length, string Title) _range = Ranges[1];
    private string? _event;
    private string? _problem;
    private ElementReference _histogram;
    private ElementReference _heat;
    private BrowserPart? _charts;

    [Inject]
    private TraceStore Store { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmName Vm { get; set; }

    /// <summary>Whether anything is traced.</summary>
    [Parameter, EditorRequired]
    public bool IsOn { get; set; }

    private TraceStatistic? Chosen => _statistics?.FirstOrDefault(one => one.Event == _event);

    private string Told => Chosen?.Latency is { } latency
        ? $"Histogram of {Figures.Count(latency.Count)} requests: half took less than {IoText.Latency(latency.P50Ns)}, 99 % less than {IoText.Latency(latency.P99Ns)}."
        : "Histogram";

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _readLoop;
        await (_charts?.DisposeAsync() ?? ValueTask.CompletedTask);
        _leaving.Dispose();
        _ask.Dispose();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _readLoop = ReadLoopAsync();
        }

        if (_latencies is { Cells.Count: > 0 } latencies && latencies != _drawn && Chosen is not null)
        {
            _drawn = latencies;
            await DrawAsync(latencies);
        }
    }

    private async Task ReadLoopAsync()
    {
        try
        {
            while (true)
            {
                await ReadAsync(_event, _range.Length);
                StateHasChanged();
                await _ask.WaitAsync(Period, _leaving.Token);
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

    private async Task ReadAsync(string? wanted, TimeSpan length)
    {
        var now = Time.GetUtcNow();
        var query = new TraceTimelineQuery([Vm], (now - length).ToUnixTimeNs(), now.ToUnixTimeNs(), Bins);
        try
        {
            (_statistics, _latencies) = await Task.Run(() => Read(query, wanted), _leaving.Token);
            _event = _statistics.Any(one => one.Event == _event) ? _event : _statistics.MaxBy(one => one.Latency!.Count)?.Event;
            _problem = null;
        }
        catch (Exception e) when (e is DatabaseException or DamagedSegmentException)
        {
            _problem = $"The history cannot be read: {e.Message.TrimEnd('.')}.{(_statistics is null ? "" : " What stands below is what was read before.")}";
        }
    }

    private (List<TraceStatistic> Statistics, TraceLatencies? Latencies) Read(TraceTimelineQuery query, string? wanted)
    {
        var statistics = Store.ReadStatistics(query, _leaving.Token).Where(one => one.Latency is not null).ToList();
        var chosen = statistics.Find(one => one.Event == wanted) ?? statistics.MaxBy(one => one.Latency!.Count);
        return (statistics, chosen is not null && TraceFilter.TryParse($"event == {TraceFilterText.Quoted(chosen.Event)}", TraceCatalogue.Empty, out var only, out _)
            ? Store.ReadLatencies(query with { Filter = only }, _leaving.Token)
            : null);
    }

    private async Task DrawAsync(TraceLatencies latencies)
    {
        if (_charts is null)
        {
            _charts = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/Trace/TraceLatencyView.razor.js");
            await _charts.OpenAsync(_histogram, _heat);
        }

        await _charts.InvokeVoidAsync("draw", LatencyPicture.Of(latencies));
    }

    private Task ChooseAsync(string? wanted, (string Word, TimeSpan Length, string Title) range)
    {
        (_event, _range) = (wanted, range);
        _ask.Release();
        return Task.CompletedTask;
    }

    private static (string Word, TimeSpan Length, string Title) RangeOf(string? word) => Ranges.FirstOrDefault(one => one.Word == word) is { Word: not null } range ? range : Ranges[1];
}
