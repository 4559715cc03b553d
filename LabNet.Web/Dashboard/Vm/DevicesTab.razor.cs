using LabNet.Core.Devices;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What a VM is made of.</summary>
public sealed partial class DevicesTab
{
    private static readonly QemuQuestion[] Questions =
        [new("qom-list", "/machine/peripheral"), new("qom-list", "/machine/peripheral-anon"), new("query-pci"), new("query-chardev")];

    private string _filter = "";

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    private async Task<GuestReading<IReadOnlyList<Device>>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        new(await DeviceInventory.ReadAsync(Session, cancellationToken), Time.GetUtcNow());

    private bool Fits(Device device)
    {
        string?[] texts = [device.QdevId, device.Type, device.Address, device.Description, device.QomPath];
        return texts.Any(text => text?.Contains(_filter, StringComparison.OrdinalIgnoreCase) is true);
    }
}
