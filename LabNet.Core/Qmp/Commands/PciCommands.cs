using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>qapi/pci.json.</summary>
public static class PciCommands
{
    public static readonly QmpCommand<PciBus[]> QueryPci = new("query-pci", QmpJson.Default.PciBusArray);
}

/// <summary>QAPI's PciInfo: a root bus.</summary>
public sealed record PciBus(int Bus, PciFunction[] Devices);

/// <summary>QAPI's PciDeviceInfo: one function of a device.</summary>
/// <param name="QdevId">The device's id; empty where it was given none.</param>
/// <param name="IrqPin">1 to 4 for INTA to INTD; 0 for none.</param>
/// <param name="Irq">The interrupt line that the firmware wrote down.</param>
/// <param name="PciBridge">What lies behind it, if it is a bridge.</param>
public sealed record PciFunction(
    int Bus,
    int Slot,
    int Function,
    [property: JsonPropertyName("class_info")] PciClass ClassInfo,
    PciIdentity Id,
    [property: JsonPropertyName("irq_pin")] int IrqPin,
    [property: JsonPropertyName("qdev_id")] string QdevId,
    PciRegion[] Regions,
    int? Irq = null,
    [property: JsonPropertyName("pci_bridge")] PciBridge? PciBridge = null);

/// <param name="Class">The 16-bit class and subclass, such as 0x0200 for Ethernet.</param>
/// <param name="Desc">QEMU's words for it; null where it has none.</param>
public sealed record PciClass(int Class, string? Desc = null);

public sealed record PciIdentity(int Vendor, int Device, int? SubsystemVendor = null, int? Subsystem = null);

/// <summary>A base address register.</summary>
/// <param name="Bar">0 to 5; 6 is the expansion ROM.</param>
/// <param name="Type"><c>io</c> or <c>memory</c>.</param>
/// <param name="Address">−1 while the guest has given it none.</param>
/// <param name="Size">Bytes.</param>
public sealed record PciRegion(
    int Bar,
    string Type,
    long Address,
    long Size,
    bool? Prefetch = null,
    [property: JsonPropertyName("mem_type_64")] bool? MemType64 = null);

/// <summary>QAPI's PciBridgeInfo.</summary>
public sealed record PciBridge(PciBridgeBus Bus, PciFunction[]? Devices = null);

/// <summary>QAPI's PciBusInfo: the numbers of the bus behind a bridge and the windows that it hands on.</summary>
public sealed record PciBridgeBus(
    int Number,
    int Secondary,
    int Subordinate,
    [property: JsonPropertyName("io_range")] PciWindow IoRange,
    [property: JsonPropertyName("memory_range")] PciWindow MemoryRange,
    [property: JsonPropertyName("prefetchable_range")] PciWindow PrefetchableRange);

/// <summary>From base to limit, both inclusive; closed where limit is below base.</summary>
public sealed record PciWindow(long Base, long Limit);
