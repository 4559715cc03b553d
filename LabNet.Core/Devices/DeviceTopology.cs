using System.Collections.Immutable;
using LabNet.Core.Qmp;

namespace LabNet.Core.Devices;

/// <summary>A VM's devices as they hang on each other, from what QEMU answered at one time.</summary>
/// <param name="PciBuses">The root buses with the functions on them, in the order of their addresses.</param>
/// <param name="Others">What is on no PCI bus and below no PCI device.</param>
public sealed record DeviceTopology(ImmutableArray<PciRootBus> PciBuses, ImmutableArray<DeviceNode> Others)
{
    /// <summary>Every device, from above to below.</summary>
    public IEnumerable<DeviceNode> All => PciBuses.SelectMany(bus => bus.Devices).Concat(Others).SelectMany(device => device.WithThoseBelow);

    /// <summary>Those that were asked for, and the PCI functions that the machine brought along; not what else a machine is made of.</summary>
    public IEnumerable<DeviceNode> Inventory => All.Where(device => device.Pci is not null || device.WasAskedFor);

    /// <summary>By qdev id, PCI address or QOM path.</summary>
    public DeviceNode? Find(string key) =>
        All.FirstOrDefault(device => device.Key == key) ?? All.FirstOrDefault(device => device.QomPath == key || device.Pci?.Address.ToString() == key);
}

public sealed record PciRootBus(int Number, ImmutableArray<DeviceNode> Devices);

/// <summary>A device: one that was asked for, or one that came with the machine.</summary>
/// <param name="QdevId">Its id; null for a device without one.</param>
/// <param name="Type">QEMU's type, such as <c>virtio-blk-pci</c>; null where QEMU does not tell it.</param>
/// <param name="QomPath">Where it stands in QEMU's tree; null for the same.</param>
/// <param name="Backends">What it is made of on the host's side.</param>
/// <param name="Pci">Null for a device that is on no PCI bus.</param>
/// <param name="Below">What hangs on its own buses.</param>
public sealed record DeviceNode(
    string? QdevId, string? Type, string? QomPath, ImmutableArray<DeviceBackend> Backends, PciFacts? Pci, ImmutableArray<DeviceNode> Below)
{
    /// <summary>Names it in an address: its id, else its place on the bus, else its place in QEMU's tree.</summary>
    public string Key => QdevId ?? Pci?.Address.ToString() ?? QomPath ?? "";

    /// <summary>Whether it stands on QEMU's command line, or was plugged in.</summary>
    public bool WasAskedFor => QdevId is not null || QomPath?.StartsWith(DeviceTopologyReader.Nameless, StringComparison.Ordinal) is true;

    /// <summary>Whether a device can be plugged in below it while the guest runs.</summary>
    public bool IsHotplugPort => Type is "pcie-root-port";

    public IEnumerable<DeviceNode> WithThoseBelow => Below.SelectMany(device => device.WithThoseBelow).Prepend(this);
}

/// <summary>A host's side of a device, as the device's property names it.</summary>
/// <param name="Property">Such as <c>drive</c>, <c>netdev</c>, <c>chardev</c>, <c>fsdev</c>.</param>
/// <param name="Id">A block node's name or a backend's id.</param>
public sealed record DeviceBackend(string Property, string Id);

/// <summary>What QEMU says of a PCI function, with names.</summary>
/// <param name="ClassName">By pci.ids, else by QEMU; null if neither knows it.</param>
/// <param name="ClassCode">Class and subclass, such as 0x0200.</param>
/// <param name="IrqPin">1 to 4 for INTA to INTD; 0 for none.</param>
/// <param name="IrqLine">What the firmware wrote down; null for none.</param>
/// <param name="Bridge">The buses and windows behind it, if it is a bridge.</param>
public sealed record PciFacts(
    PciAddress Address,
    PciIdentity Id,
    PciName Name,
    string? ClassName,
    int ClassCode,
    int IrqPin,
    int? IrqLine,
    ImmutableArray<PciRegion> Bars,
    PciBridgeBus? Bridge);
