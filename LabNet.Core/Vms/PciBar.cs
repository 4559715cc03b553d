namespace LabNet.Core.Vms;

/// <summary>A base address register that has been given an address.</summary>
/// <param name="QdevId">Its device's id; null for one without.</param>
/// <param name="PciAddress">Bus, slot and function as lspci writes them, such as <c>00:03.0</c>.</param>
/// <param name="Description">QEMU's words for the device's class; null where it has none.</param>
/// <param name="Bar">0 to 5; 6 is the expansion ROM.</param>
/// <param name="Space">Where the vCPUs reach it.</param>
/// <param name="End">The last address, itself included.</param>
public sealed record PciBar(string? QdevId, string PciAddress, string? Description, int Bar, AddressSpace Space, ulong Start, ulong End)
{
    private const int ExpansionRom = 6;

    /// <summary>What QEMU calls its device: the id, or the place on the bus.</summary>
    public string Device => QdevId ?? PciAddress;

    /// <summary>Such as <c>BAR 4 of vda</c>.</summary>
    public string Words => Bar == ExpansionRom ? $"expansion ROM of {Device}" : $"BAR {Bar} of {Device}";

    public bool Holds(AddressSpace space, ulong address) => Space == space && address >= Start && address <= End;

    /// <summary>
    /// Whether the range is a part of what this register opens, and not what lies below it and shows through: a host bridge's window goes
    /// on between the registers of a device.
    /// </summary>
    public bool Opens(AddressSpace space, MemoryRange range) =>
        Holds(space, range.Start)
        && Holds(space, range.End)
        && ((range.RegionStart >= Start && range.RegionStart <= End) || (QdevId is not null && range.Owner?.IsOrBelongsTo(QdevId) is true));
}

/// <summary>Addresses that a bridge hands on to the bus behind it.</summary>
/// <param name="Bridge">Its id, or its place on the bus.</param>
public sealed record PciBridgeWindow(string Bridge, int SecondaryBus, AddressSpace Space, ulong Start, ulong End);

/// <param name="Before">Null if it had no address.</param>
/// <param name="Now">Null if it has none any more.</param>
public sealed record PciBarChange(PciBar? Before, PciBar? Now)
{
    /// <summary>As it is now, or as it was.</summary>
    public PciBar Bar => Now ?? Before!;
}

/// <summary>Where an address lies.</summary>
/// <param name="Range">What answers there; null where nothing does.</param>
/// <param name="Bar">The register whose addresses it is among; the device need not have anything there.</param>
/// <param name="Window">The narrowest window of a bridge that it is in.</param>
public sealed record AddressPlace(AddressSpace Space, ulong Address, MemoryRange? Range, PciBar? Bar, PciBridgeWindow? Window)
{
    /// <summary>Such as <c>0xfebc8134 is BAR 4 of vda + 0x134</c>.</summary>
    public string Words => $"{MemoryAddress.ShortText(Address)} {What}{Through}";

    private string What => this switch
    {
        { Bar: { } bar, Range: null } => $"is {bar.Words}{Plus(bar.Start)}, where nothing answers",
        { Bar: { } bar, Range: { } range } when !bar.Opens(Space, range) => $"is {bar.Words}{Plus(bar.Start)}, where {range.Name} answers instead of the device",
        { Bar: { } bar } => $"is {bar.Words}{Plus(bar.Start)}",
        { Range: { } range } => $"is {range.Name}{Plus(range.RegionStart)}{(range.Owner is { } owner ? $" of {owner}" : "")}",
        _ => "is in no range: nothing answers there",
    };

    private string Through => Bar is null && Window is { } window ? $"; the bridge {window.Bridge} hands it on to bus {window.SecondaryBus:x2}" : "";

    private string Plus(ulong start) => Address == start ? "" : $" + {MemoryAddress.ShortText(unchecked(Address - start))}";
}
