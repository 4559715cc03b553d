using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Dashboard.Vm.Trace;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>Custom PCI devices of one VM: which there are to be plugged in, what goes by at their registers, and their build. The chosen device is in the address.</summary>
public sealed partial class WorkbenchTab
{
    private BuiltPciModels _built = new(Build: null, [], []);
    private ImmutableArray<VmName> _outdated = [];
    private PluggableModels? _pluggable;
    private string? _whyNotPluggable;
    private string? _whyNoTraces;
    private (bool CanAsk, ImmutableArray<PluggedDevice> Plugged, PciBuild? Build)? _askedFor;
    private bool _busy;

    [Inject]
    private PciModelCatalogue Models { get; set; } = default!;

    [Inject]
    private DeviceWorkbench Workbench { get; set; } = default!;

    [Inject]
    private WorkbenchDesk Desk { get; set; } = default!;

    [Inject]
    private DeviceDesk Unplugging { get; set; } = default!;

    [Inject]
    private TraceDesk Traces { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>The id of a plugged custom device; null for the first.</summary>
    [SupplyParameterFromQuery(Name = "device")]
    private string? Wanted { get; set; }

    private IEnumerable<PluggedDevice> CustomDevices => State.Plugged.Where(device => device.Properties is not null);

    private bool IsWatched => State.TraceSwitches.Any(one => one is { Enabled: true, Pattern: TracedAccess.Events });

    private string? WhyNotAsk => Actor.Role < Role.Operator ? "This needs the role operator."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : null;

    private string? WhyNotWatch => WhyNotAsk ?? _whyNoTraces ?? VmAsking.WhyNotQemu(State);

    /// <summary>Null where the guest can be asked to access a register, or to let go of a device.</summary>
    private string? WhyNotGuestChange => WhyNotAsk ?? VmAsking.WhyNotGuest(State) ?? VmAsking.WhyNotQemu(State);

    private string GivenText => _device?.Properties is { Count: > 0 } given ? $"· {string.Join(", ", given.Select(property => $"{property.Key}={property.Value}"))}" : "";

    private string WhyEmpty => !RendererInfo.IsInteractive ? "Loading …"
        : !IsWatched ? "Nothing is watched."
        : VmAsking.WhyNotQemu(State) ?? "The device did nothing yet.";

    private string TimelineAddress => $"/timeline?filter={Uri.EscapeDataString(_filterText.Text)}";

    protected override void OnInitialized()
    {
        _follower = new TraceFollower(Pump.TailOf(State.Name));
        BeginToFollow(State.Name);
        (_built, _outdated) = (Models.Read(), Workbench.ReadOutdated());
    }

    protected override async Task OnParametersSetAsync()
    {
        _whyNoTraces = Session.WhyNoTraces;
        Choose();
        await LookAsync();
    }

    /// <summary>Asks QEMU which of the devices it knows, and whether there is room, where that can have changed.</summary>
    private async Task LookAsync()
    {
        var asked = (VmAsking.WhyNotQemu(State) is null, State.Plugged, _built.Build);
        if (!RendererInfo.IsInteractive || asked == _askedFor)
        {
            return;
        }

        _askedFor = asked;
        (_pluggable, _whyNotPluggable) = (null, VmAsking.WhyNotQemu(State));
        if (_whyNotPluggable is not null)
        {
            return;
        }

        try
        {
            _pluggable = await Workbench.ReadAsync(Session, Leaving);
        }
        catch (Exception e) when (e is QmpException or HostException)
        {
            _whyNotPluggable = e.Message;
        }
        catch (OperationCanceledException) when (Leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private string? WhyNotPlug(PciModel model) => WhyNotAsk
        ?? _whyNotPluggable
        ?? (State.RunState != RunState.Running ? $"{State.Name} does not run: its guest has to notice." : _pluggable is null ? "QEMU is being asked." : _pluggable.WhyNot(State, model.Name));

    private Task PlugAsync(PciModel model) => _pluggable is { } pluggable ? Desk.PlugAsync(Session, model, pluggable.TakenIds, Actor, Leaving) : Task.CompletedTask;

    private Task<PokeAnswer> PokeAsync(RegisterPoke poke) => Desk.PokeAsync(Session, _device!, poke, Actor, Leaving);

    private async Task WatchAsync()
    {
        _busy = true;
        try
        {
            await (IsWatched
                ? Traces.ForgetAsync(Session, [TracedAccess.Events], Actor, Leaving)
                : Traces.SwitchAsync(Session, [new TraceEventSwitch(TracedAccess.Events, Enabled: true)], Actor, Leaving));
        }
        finally
        {
            _busy = false;
        }
    }

    private string Address(PluggedDevice device) => Navigation.GetUriWithQueryParameter("device", device.Id);
}
