using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Vm.Trace;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a VM is made of, as QEMU and the guest see it; what is chosen is in the address.</summary>
public sealed partial class DevicesTab : IAsyncDisposable
{
    private static readonly QemuQuestion[] Questions =
        [new("qom-list", "/machine/peripheral"), new("qom-list", "/machine/peripheral-anon"), new("query-pci"), new("query-chardev")];

    private static readonly TimeSpan GuestMaxAge = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _leaving = new();
    private DeviceTopology? _topology;
    private GuestPciView _guest = GuestPciView.Empty;
    private string? _guestRefusal;
    private string? _whyNoTraces;
    private Task _askingGuest = Task.CompletedTask;
    private string _filter = "";

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private DeviceTopologyReader Devices { get; set; } = default!;

    [Inject]
    private DeviceDesk Desk { get; set; } = default!;

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

    /// <summary>A qdev id, a PCI address or a QOM path.</summary>
    [SupplyParameterFromQuery(Name = "device")]
    private string? Selected { get; set; }

    [SupplyParameterFromQuery(Name = "qom")]
    private string? Qom { get; set; }

    /// <summary>Null where devices can be plugged in and out.</summary>
    private string? WhyNotPlug => Actor.Role < Role.Operator ? "This needs the role operator."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : State.RunState != RunState.Running ? $"{State.Name} does not run: its guest has to notice."
        : null;

    private string? WhyNotTrace => Actor.Role < Role.Operator ? "This needs the role operator."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : _whyNoTraces ?? VmAsking.WhyNotQemu(State);

    private string? GuestProblem => VmAsking.WhyNotGuest(State) ?? _guestRefusal;

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _askingGuest;
        _leaving.Dispose();
    }

    private async Task<GuestReading<DeviceTopology>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (_askingGuest.IsCompleted)
        {
            _askingGuest = AskGuestAsync();
        }

        _whyNoTraces = Session.WhyNoTraces;
        _topology = await Devices.ReadAsync(Session, cancellationToken);
        await InvokeAsync(StateHasChanged);
        return new(_topology, Time.GetUtcNow());
    }

    /// <summary>The guest takes longer than QEMU, and what QEMU says does not wait for it.</summary>
    private async Task AskGuestAsync()
    {
        if (VmAsking.WhyNotGuest(State) is not null)
        {
            _guest = GuestPciView.Empty;
            return;
        }

        try
        {
            var seen = await Session.ReadGuestPciAsync(GuestMaxAge, _leaving.Token);
            _guest = new GuestPciView(seen.Value);
            _guestRefusal = null;
        }
        catch (GuestAgentException e)
        {
            _guestRefusal = e.Message;
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            return;
        }

        await InvokeAsync(StateHasChanged);
    }

    private Task PlugAsync() => Desk.PlugAsync(Session, _topology!, Actor, _leaving.Token);

    private Task UnplugAsync(PluggedDevice device) => Desk.UnplugAsync(Session, device, Actor, _leaving.Token);

    private async Task TraceAsync(DeviceNode device) => await Traces.TraceDeviceAsync(Session, device.Key, device.Type, Actor, _leaving.Token);

    private PluggedDevice? PluggedOf(DeviceNode device) =>
        State.Plugged.FirstOrDefault(plugged => plugged.Id == device.QdevId || plugged.Outermost == device.QdevId);

    private GuestPciFunction? GuestOf(DeviceNode device) => _guest.Find(device.Pci);

    private (string Title, IReadOnlyList<DeviceRow> Rows)[] Groups(DeviceTopology topology) =>
    [
        .. topology.PciBuses.Select(bus => ($"PCI bus {bus.Number:x2}", DeviceRow.Of(bus, Fits))),
        ("Not on PCI", DeviceRow.Of(topology.Others, Fits)),
    ];

    private bool Fits(DeviceNode device)
    {
        string?[] texts =
        [
            device.QdevId, device.Type, device.Pci?.Address.ToString(), device.Pci?.ClassName, device.Pci?.Name.Vendor, device.Pci?.Name.Device,
            device.QomPath, GuestOf(device)?.Driver, .. device.Backends.Select(backend => backend.Id),
        ];
        return _filter.Length == 0 || texts.Any(text => text?.Contains(_filter, StringComparison.OrdinalIgnoreCase) is true);
    }

    private string Address(DeviceNode device) => Navigation.GetUriWithQueryParameter("device", device.Key == Selected ? null : device.Key);

    private static string? What(DeviceNode device) => device switch
    {
        { IsHotplugPort: true, Below.IsEmpty: true } => "empty: a device can be plugged in",
        { Pci: { } pci } => pci.Name.Device ?? pci.ClassName,
        _ => null,
    };

    private string InGuest(DeviceNode device) => GuestOf(device) switch
    {
        null => "",
        { Driver: null } => "no driver",
        { Driver: var driver, Names.IsEmpty: true } => driver,
        { Driver: var driver, Names: var names } => $"{string.Join(", ", names)} · {driver}",
    };
}
