using System.Text.Json;
using LabNet.Core.Devices;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class DeviceTreeTests
{
    private static readonly PciIds NoNames = new(path: null);

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void Functions_are_joined_with_QEMUs_objects_by_id_and_by_place(string machine)
    {
        var buses = JsonSerializer.Deserialize(Recording.Return(machine, "query-pci"), PciCommands.QueryPci.ReturnType)!;
        var topology = DeviceTree.Build(
            [
                Device("vda", "virtio-blk-pci", "/machine/q35/pcie.0", 0, new DeviceBackend("drive", "d0")),
                Device("serial0", "virtio-serial-pci", "/machine/q35/pcie.0", 8),
                Device("agent0", "virtserialport", "/machine/peripheral/serial0/virtio-backend/serial0.0", null, new DeviceBackend("chardev", "c0")),
                new QomDevice(null, "host-bridge", "/machine/unattached/device[1]", "/machine/q35/pcie.0", 0, []),
                new QomDevice(null, "hpet", "/machine/unattached/device[2]", "/machine/unattached/sysbus", null, []),
            ],
            buses,
            NoNames);

        var vda = topology.Find("vda")!;
        Assert.Equal("virtio-blk-pci", vda.Type);
        Assert.Equal("d0", Assert.Single(vda.Backends).Id);
        Assert.Equal(buses[0].Devices.Single(function => function.QdevId == "vda").Slot, vda.Pci!.Address.Slot);
        Assert.Equal("host-bridge", topology.Find("00:00.0")!.Type);
        Assert.Contains(topology.Others, device => device.Type == "hpet");
        Assert.Equal(buses.SelectMany(bus => bus.Devices).Sum(Count), topology.All.Count(device => device.Pci is not null));
        Assert.Equal(topology.All.Count(), topology.All.Select(device => device.Key).Distinct().Count());
    }

    [Fact]
    public void What_is_behind_a_port_and_on_a_devices_own_bus_stands_below_it()
    {
        var inner = Function(bus: 1, slot: 0, "hd1", behind: []);
        var port = Function(bus: 0, slot: 16, "rp0", behind: [inner]);
        var topology = DeviceTree.Build(
            [
                Device("rp0", "pcie-root-port", "/machine/q35/pcie.0", 128),
                Device("hd1", "virtio-scsi-pci", "/machine/peripheral/rp0/rp0", 0),
                Device("cd0", "scsi-cd", "/machine/peripheral/hd1/virtio-backend/hd1.0", null),
            ],
            [new PciBus(0, [port])],
            NoNames);
        Assert.Equal(["rp0", "hd1", "cd0"], topology.All.Select(device => device.QdevId!));
        Assert.Equal("01:00.0", topology.Find("rp0")!.Below[0].Pci!.Address.ToString());
        Assert.Equal("cd0", topology.Find("hd1")!.Below[0].QdevId);
        Assert.True(topology.Find("rp0")!.IsHotplugPort);
    }

    [Fact]
    public void A_device_that_only_one_of_both_answers_has_is_not_lost()
    {
        var topology = DeviceTree.Build(
            [Device("new1", "nvme", "/machine/peripheral/rp0/rp0", 0), Device("rp0", "pcie-root-port", "/machine/q35/pcie.0", 128)],
            [new PciBus(0, [Function(0, 16, "rp0", behind: []), Function(0, 17, "gone", behind: [])])],
            NoNames);
        Assert.Equal(["rp0", "new1", "gone"], topology.All.Select(device => device.QdevId!));
    }

    [Theory]
    [InlineData("00:03.0", 0, 3, 0)]
    [InlineData("0000:ff:1f.7", 255, 31, 7)]
    public void An_address_is_read_as_it_is_written(string text, int bus, int slot, int function)
    {
        Assert.True(PciAddress.TryParse(text, out var address));
        Assert.Equal(new PciAddress(bus, slot, function), address);
        Assert.EndsWith(address.ToString(), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00:20.0")]
    [InlineData("00:03.8")]
    [InlineData("0001:00:03.0")]
    [InlineData("00:03:0")]
    [InlineData(" 0:03.0")]
    public void What_is_no_address_is_not_taken_for_one(string text) => Assert.False(PciAddress.TryParse(text, out _));

    private static QomDevice Device(string id, string type, string bus, int? deviceFunction, params DeviceBackend[] backends) =>
        new(id, type, $"/machine/peripheral/{id}", bus, deviceFunction, [.. backends]);

    private static int Count(PciFunction function) => 1 + (function.PciBridge?.Devices ?? []).Sum(Count);

    private static PciFunction Function(int bus, int slot, string id, PciFunction[] behind)
    {
        var window = new PciWindow(0, 0);
        return new PciFunction(
            bus, slot, 0, new PciClass(0x604), new PciIdentity(1, 2), 1, id, [], PciBridge: new PciBridge(new PciBridgeBus(0, 1, 1, window, window, window), behind));
    }
}
