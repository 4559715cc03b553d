using LabNet.Core.GuestAgent;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>What tracing takes from this guest, measured in it: the same load with what is on and without, in turns.</summary>
public sealed partial class TraceSlowdown : IDisposable
{
    /// <summary>Enough of each to tell a tenth, in half a minute.</summary>
    private const int Repeats = 6, SecondsEach = 2;

    private const string Profile = "rand-read-4k";

    private readonly CancellationTokenSource _leaving = new();
    private TracingSeries? _newest;
    private string? _problem;
    private bool _hasRead;
    private bool _beginning;
    private bool _ran;

    [Inject]
    private IoBenchmarkRunner Runner { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The VM's benchmark that runs; null for none.</summary>
    [Parameter, EditorRequired]
    public Operation? Benchmark { get; set; }

    /// <summary>Why nothing can be asked of QEMU; null if it can.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    private string FiguresAddress => VmTab.Benchmark.Address(State.Name) + (Benchmark is null && _newest is { } newest ? $"?series={newest.With.Series}" : "");

    private string? WhyNotMeasure => WhyNot
        ?? VmAsking.WhyNotGuest(State)
        ?? (!State.TraceSwitches.Any(one => one.Enabled) ? "Nothing is on whose cost could be measured."
            : Benchmark is not null || _beginning ? "A benchmark runs already." : null);

    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        var hasEnded = _ran && Benchmark is null;
        _ran = Benchmark is not null;
        if (!_hasRead || hasEnded)
        {
            _hasRead = true;
            await AskAsync("The measurements cannot be read", async () => _newest = await Task.Run(() => Runner.ReadAroundTracing(State.Name), _leaving.Token));
        }
    }

    private async Task MeasureAsync()
    {
        _beginning = true;
        await AskAsync("Not measured", async () =>
        {
            var disks = await IoBenchmarkRunner.ReadDisksAsync(Session, _leaving.Token);
            var request = new IoBenchmarkRequest(disks.Count > 0 ? disks[0] : "", Profile, SecondsEach, Repeats, Label: "");
            await Runner.BeginAroundTracingAsync(Session, request, Actor, _leaving.Token);
        });
        _beginning = false;
    }

    private async Task AskAsync(string otherwise, Func<Task> ask)
    {
        _problem = null;
        try
        {
            await ask();
        }
        catch (Exception e) when (e is ArgumentException or ForbiddenException or UnknownDiskException or VmConflictException or GuestAgentException or QmpException or DatabaseException)
        {
            _problem = $"{otherwise}: {e.Message}";
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }
}
