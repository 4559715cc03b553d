using System.Text.Json;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;

namespace LabNet.Web.Api;

/// <param name="QdevId">Null for a device without an id.</param>
/// <param name="Type">QEMU's type, such as `virtio-blk-pci`; null where QEMU does not tell it.</param>
/// <param name="QomPath">Null for the same.</param>
/// <param name="Bus">`pci`, or null for a device that is on no PCI bus.</param>
/// <param name="Address">Such as `00:03.0`.</param>
/// <param name="Description">The class of a PCI device in words.</param>
public sealed record DeviceContract(
    string? QdevId, string? Type, string? QomPath, string? Bus, string? Address, string? Description, int? VendorId, int? DeviceId)
{
    internal static DeviceContract Of(DeviceNode device) => new(
        device.QdevId,
        device.Type,
        device.QomPath,
        device.Pci is null ? null : "pci",
        device.Pci?.Address.ToString(),
        device.Pci?.ClassName,
        device.Pci?.Id.Vendor,
        device.Pci?.Id.Device);
}

/// <summary>A disk, a NIC or a custom PCI device to be plugged in.</summary>
/// <param name="Kind">`virtio-blk`, `virtio-scsi` or `nvme` for a disk, `virtio-net` or `e1000e` for a NIC, or the name of a model of `/pci-models`.</param>
/// <param name="Id">By which it is unplugged again, such as `d1`.</param>
/// <param name="SizeBytes">Of a new, empty disk.</param>
/// <param name="Image">A file in LabNet's folder of images that the disk is to begin with; the image itself stays as it is. Without either, the file that an unplugged disk of this id left behind.</param>
/// <param name="Link">For a NIC on a link of the lab; null for QEMU's user-mode network.</param>
/// <param name="Properties">Of a custom PCI device, as its model declares them: numbers, truth values or texts.</param>
public sealed record PlugContract(
    string Kind, string Id, long? SizeBytes = null, string? Image = null, string? Link = null, IReadOnlyDictionary<string, JsonElement>? Properties = null);

/// <param name="Buses">The root buses of PCI.</param>
/// <param name="Others">What is on no PCI bus and below no PCI device.</param>
/// <param name="GuestProblem">Why what the guest sees is missing; null where it is not, or was not asked for.</param>
public sealed record TopologyContract(IReadOnlyList<PciRootBusContract> Buses, IReadOnlyList<DeviceNodeContract> Others, string? GuestProblem)
{
    internal static TopologyContract Of(DeviceTopology topology, GuestPciView guest, string? guestProblem) => new(
        [.. topology.PciBuses.Select(bus => new PciRootBusContract(bus.Number, [.. bus.Devices.Select(device => DeviceNodeContract.Of(device, guest))]))],
        [.. topology.Others.Select(device => DeviceNodeContract.Of(device, guest))],
        guestProblem);
}

public sealed record PciRootBusContract(int Number, IReadOnlyList<DeviceNodeContract> Devices);

/// <param name="IsHotplugPort">Whether a device can be plugged in below it while the guest runs.</param>
/// <param name="IsFree">Whether such a port is empty; null for anything else.</param>
/// <param name="Guest">What the guest makes of it; null where it does not see it or was not asked.</param>
/// <param name="Below">What hangs on its own buses.</param>
public sealed record DeviceNodeContract(
    string? QdevId,
    string? Type,
    string? QomPath,
    IReadOnlyList<DeviceBackendContract> Backends,
    PciFunctionContract? Pci,
    bool IsHotplugPort,
    bool? IsFree,
    GuestPciContract? Guest,
    IReadOnlyList<DeviceNodeContract> Below)
{
    internal static DeviceNodeContract Of(DeviceNode device, GuestPciView guest) => new(
        device.QdevId,
        device.Type,
        device.QomPath,
        [.. device.Backends.Select(backend => new DeviceBackendContract(backend.Property, backend.Id))],
        device.Pci is { } pci ? PciFunctionContract.Of(pci) : null,
        device.IsHotplugPort,
        device.IsHotplugPort ? device.Below.IsEmpty : null,
        guest.Find(device.Pci) is { } seen ? GuestPciContract.Of(seen) : null,
        [.. device.Below.Select(below => Of(below, guest))]);
}

/// <param name="Property">The device's property: `drive`, `netdev`, `chardev` or `fsdev`.</param>
/// <param name="Id">A block node's name or a backend's id.</param>
public sealed record DeviceBackendContract(string Property, string Id);

/// <param name="Address">Such as `00:03.0`.</param>
/// <param name="Vendor">By pci.ids; null where it does not know it, as with the next.</param>
/// <param name="ClassCode">Class and subclass in one number, such as 512 for Ethernet.</param>
/// <param name="IrqPin">`INTA` to `INTD`; null for none.</param>
/// <param name="IrqLine">What the firmware wrote down.</param>
/// <param name="Bridge">The buses behind it, if it is a bridge.</param>
public sealed record PciFunctionContract(
    string Address,
    int VendorId,
    int DeviceId,
    string? Vendor,
    string? Device,
    int ClassCode,
    string? ClassName,
    string? IrqPin,
    int? IrqLine,
    IReadOnlyList<BarContract> Bars,
    BridgeContract? Bridge)
{
    internal static PciFunctionContract Of(PciFacts pci) => new(
        pci.Address.ToString(),
        pci.Id.Vendor,
        pci.Id.Device,
        pci.Name.Vendor,
        pci.Name.Device,
        pci.ClassCode,
        pci.ClassName,
        pci.IrqPin is >= 1 and <= 4 ? $"INT{(char)('A' + pci.IrqPin - 1)}" : null,
        pci.IrqLine,
        [.. pci.Bars.Select(BarContract.Of)],
        pci.Bridge is { } bridge ? new BridgeContract(bridge.Secondary, bridge.Subordinate) : null);
}

/// <param name="Bar">0 to 5; 6 is the expansion ROM.</param>
/// <param name="Space">`memory` or `io`.</param>
/// <param name="Address">Hexadecimal, such as `0x00000000febc8000`, because JSON's numbers are not exact above 2^53; null while the guest has given it none.</param>
public sealed record BarContract(int Bar, string Space, string? Address, long SizeBytes, bool IsPrefetchable, bool Is64Bit)
{
    internal static BarContract Of(PciRegion region) => new(
        region.Bar,
        region.Type,
        region.Address < 0 ? null : $"0x{region.Address:x16}",
        region.Size,
        region.Prefetch is true,
        region.MemType64 is true);
}

/// <param name="Secondary">The bus behind it.</param>
/// <param name="Subordinate">The highest bus behind it.</param>
public sealed record BridgeContract(int Secondary, int Subordinate);

/// <param name="Driver">Null where the guest has bound none.</param>
/// <param name="Names">Network interfaces and disks that the driver made of it.</param>
public sealed record GuestPciContract(string? Driver, IReadOnlyList<string> Names, IReadOnlyList<int> MsiInterrupts, IReadOnlyList<PciCapabilityContract> Capabilities)
{
    internal static GuestPciContract Of(GuestPciFunction function) => new(
        function.Driver,
        function.Names,
        function.MsiInterrupts,
        [.. (PciConfigSpace.Parse(function.Config.Span)?.Capabilities ?? []).Select(one => new PciCapabilityContract(one.Id, one.Name, one.Detail))]);
}

/// <param name="Id">By the PCI specifications, such as 17 for MSI-X.</param>
public sealed record PciCapabilityContract(int Id, string Name, string Detail);
