using System.Text.Json;
using LabNet.Core.Devices;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class DeviceInventoryTests
{
    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void Devices_are_joined_with_the_PCI_bus_by_their_ids(string machine)
    {
        var buses = JsonSerializer.Deserialize(Recording.Return(machine, "query-pci"), PciCommands.QueryPci.ReturnType)!;
        ObjectPropertyInfo[] named = [new("type", "string"), new("qga0", "child<virtserialport>"), new("vda", "child<virtio-blk-pci>")];
        ObjectPropertyInfo[] nameless = [new("type", "string"), new("device[0]", "child<usb-tablet>")];
        var devices = DeviceInventory.Join(named, nameless, buses);

        var disk = Assert.Single(devices, device => device.QdevId == "vda");
        var function = buses[0].Devices.Single(f => f.QdevId == "vda");
        Assert.Equal(
            new Device("vda", "virtio-blk-pci", "/machine/peripheral/vda", "pci", $"00:{function.Slot:x2}.0", "SCSI controller", 0x1af4, 0x1001), disk);
        Assert.Equal(new Device(null, null, null, "pci", "00:00.0", "Host bridge", buses[0].Devices[0].Id.Vendor, buses[0].Devices[0].Id.Device), devices[0]);
        Assert.Equal(new Device(null, "usb-tablet", "/machine/peripheral-anon/device[0]", null, null, null, null, null), devices[^2]);
        Assert.Equal(new Device("qga0", "virtserialport", "/machine/peripheral/qga0", null, null, null, null, null), devices[^1]);
        Assert.Equal(devices.Length, devices.Select(device => (device.QdevId, device.QomPath, device.Address)).Distinct().Count());
    }

    [Fact]
    public void A_device_behind_a_bridge_is_found_there()
    {
        var inner = Function(bus: 1, slot: 0, "hd1", bridge: null);
        var window = new PciWindow(0, 0);
        var port = Function(bus: 0, slot: 16, "rp0", new PciBridge(new PciBridgeBus(0, 1, 1, window, window, window), [inner]));
        var devices = DeviceInventory.Join([new("hd1", "child<nvme>"), new("rp0", "child<pcie-root-port>")], [], [new PciBus(0, [port])]);
        Assert.Equal([("rp0", "00:10.0"), ("hd1", "01:00.0")], devices.Select(device => (device.QdevId!, device.Address!)));
    }

    private static PciFunction Function(int bus, int slot, string id, PciBridge? bridge) =>
        new(bus, slot, 0, new PciClass(0x100), new PciIdentity(1, 2), 1, id, [], PciBridge: bridge);
}
