using System.Collections.Immutable;
using LabNet.Core.Qmp;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>QEMU's trace events of one VM: what is on, the newest of them, and how long requests took.</summary>
public sealed partial class TraceTab
{
    private TraceNameList _names = default!;
    private IReadOnlyList<string> _devices = [];
    private (bool CanAsk, ImmutableArray<TraceEventSwitch> Switches, ImmutableArray<PluggedDevice> Plugged)? _askedFor;
    private string? _whyNone;
    private string? _problem;
    private bool _busy;

    [Inject]
    private TraceCatalogue Catalogue { get; set; } = default!;

    [Inject]
    private TraceDesk Desk { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The VM's benchmark that runs; null for none.</summary>
    [Parameter]
    public Operation? Benchmark { get; set; }

    private string? WhyNot => Actor.Role < Role.Operator ? "This needs the role operator."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : _whyNone ?? VmAsking.WhyNotQemu(State);

    private string OnNote => State.TraceSwitches.IsEmpty ? "nothing"
        : VmAsking.WhyNotQemu(State) is not null ? "switched on again when the VM runs"
        : _names.IsOfQemu ? $"{Figures.Count(_names.On)} of QEMU's {Figures.Count(_names.Count)} events"
        : "";

    private string WhyEmpty => !RendererInfo.IsInteractive ? "Loading …"
        : _chosen is not null ? "No event that is in memory passes the filter."
        : _whyNone is not null ? "Nothing can be traced here; see above."
        : State.TraceSwitches.IsEmpty ? "Nothing is on. Choose a preset above, or add a pattern."
        : VmAsking.WhyNotQemu(State) ?? "These events are on, and none came yet.";

    protected override void OnInitialized()
    {
        _names = TraceNameList.Of(Catalogue);
        _follower = new TraceFollower(Pump.TailOf(State.Name));
        _rate = new TraceRate(Time);
        BeginToFollow(State.Name);
    }

    protected override async Task OnParametersSetAsync()
    {
        var asked = (VmAsking.WhyNotQemu(State) is null, State.TraceSwitches, State.Plugged);
        var isChanged = asked != _askedFor;
        if (isChanged)
        {
            (_askedFor, _whyNone) = (asked, Session.WhyNoTraces);
        }

        await TakeFromAddressAsync();
        if (isChanged)
        {
            await LookAsync();
        }
    }

    /// <summary>Asks QEMU which events it has and which are on; and which devices there are, whose registers can be traced.</summary>
    private async Task LookAsync()
    {
        if (!RendererInfo.IsInteractive || VmAsking.WhyNotQemu(State) is not null || _whyNone is not null)
        {
            return;
        }

        try
        {
            _names = TraceNameList.Of(await Session.ReadTraceEventsAsync("*", Leaving));
            _devices = [.. (await PciAddressMap.ReadAsync(Session, Leaving)).Bars.Select(bar => bar.Device).Distinct().Order(StringComparer.Ordinal)];
            _problem = null;
        }
        catch (QmpException e)
        {
            _problem = e.Message;
        }
        catch (OperationCanceledException) when (Leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private Task AllOffAsync() => SwitchAsync([new TraceEventSwitch("*", Enabled: false)]);

    private Task SwitchAsync(IReadOnlyList<TraceEventSwitch> switches) => AskAsync(() => Desk.SwitchAsync(Session, switches, Actor, Leaving));

    private Task ForgetAsync(IReadOnlyCollection<string> patterns) => AskAsync(() => Desk.ForgetAsync(Session, patterns, Actor, Leaving));

    private Task TurnRegistersAsync(string device) => AskAsync(() => Desk.TurnRegistersAsync(Session, device, Actor, Leaving));

    private async Task AskAsync(Func<Task> ask)
    {
        _busy = true;
        try
        {
            await ask();
        }
        finally
        {
            _busy = false;
        }
    }
}
