using System.Collections.Immutable;

namespace LabNet.Core.Vms;

/// <summary>QEMU's two address spaces that every vCPU sees.</summary>
public enum AddressSpace
{
    /// <summary>QEMU's <c>memory</c>.</summary>
    Memory,

    /// <summary>QEMU's <c>I/O</c>: the ports of x86. Other architectures have it too, with nothing in it.</summary>
    Io,
}

public static class AddressSpaceWords
{
    private const string Memory = "memory";
    private const string Io = "io";

    /// <summary>As addresses and the REST API have it.</summary>
    public static string Word(this AddressSpace space) => space == AddressSpace.Memory ? Memory : Io;

    public static bool TryParse(string? word, out AddressSpace space)
    {
        space = word == Io ? AddressSpace.Io : AddressSpace.Memory;
        return word is Memory or Io;
    }
}

/// <summary>Who made a memory region: a device with an id, or any other object by its place in QEMU's tree. One of both is set.</summary>
/// <param name="QomPath">Such as <c>/machine/unattached/device[14]</c>, which changes with each start of QEMU.</param>
public sealed record MemoryOwner(string? QdevId, string? QomPath)
{
    private const string Named = "/machine/peripheral/";

    /// <summary>Whether it is the device with that id, or a part of it.</summary>
    public bool IsOrBelongsTo(string qdevId) =>
        QdevId == qdevId || (QomPath is not null && QomPath.StartsWith($"{Named}{qdevId}/", StringComparison.Ordinal));

    public override string ToString() => QdevId ?? QomPath ?? "";
}

/// <summary>Addresses behind one another that lead to one memory region of QEMU.</summary>
/// <param name="End">The last address, itself included.</param>
/// <param name="Name">The region's name, such as <c>msix-table</c>; not unique.</param>
/// <param name="Kind">QEMU's word: <c>ram</c>, <c>rom</c>, <c>romd</c> (read as memory, written to a device), <c>ramd</c> (memory of a host's device), <c>i/o</c>; with <c>nv-</c> before it where it outlives the VM.</param>
/// <param name="Offset">Where in the region the range begins: not 0 where something else covers its beginning, or a part of it is shown here.</param>
/// <param name="Owner">Null for what belongs to nobody in particular.</param>
public sealed record MemoryRange(ulong Start, ulong End, string Name, string Kind, ulong Offset, MemoryOwner? Owner)
{
    /// <summary>2⁶⁴ where it is all there is.</summary>
    public UInt128 SizeBytes => (UInt128)End - Start + 1;

    /// <summary>Where the region would begin; it may lie before anything that is seen of it. Wraps around like addresses do.</summary>
    public ulong RegionStart => unchecked(Start - Offset);

    public bool Holds(ulong address) => address >= Start && address <= End;
}

/// <summary>What answers at which address of an address space, as a flat list.</summary>
/// <param name="Ranges">By address, none over another.</param>
public sealed record FlatMemory(AddressSpace Space, ImmutableArray<MemoryRange> Ranges)
{
    /// <summary>The range that holds the address; null where nothing answers.</summary>
    public MemoryRange? Find(ulong address)
    {
        var before = LastFrom(address);
        return before >= 0 && Ranges[before].Holds(address) ? Ranges[before] : null;
    }

    /// <summary>The ranges before and behind an address that none holds; null where there are none.</summary>
    public (MemoryRange? Before, MemoryRange? Behind) Around(ulong address)
    {
        var before = LastFrom(address);
        return (before >= 0 ? Ranges[before] : null, before + 1 < Ranges.Length ? Ranges[before + 1] : null);
    }

    /// <summary>The last range that begins at the address or before; −1 if none does.</summary>
    private int LastFrom(ulong address)
    {
        var (low, high) = (0, Ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Ranges[middle].Start <= address ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }
}

/// <summary>What a VM's memory is made of at one moment.</summary>
/// <param name="Memory">Null if the text did not name it.</param>
/// <param name="Io">Null if the text did not name it.</param>
/// <param name="Unparsed">Lines that are not as the grammar says, in their order.</param>
public sealed record MemoryMap(FlatMemory? Memory, FlatMemory? Io, ImmutableArray<string> Unparsed)
{
    /// <summary>Those that the text named.</summary>
    public IEnumerable<FlatMemory> Spaces => new[] { Memory, Io }.OfType<FlatMemory>();

    /// <summary>One address space; empty if the text did not name it.</summary>
    public FlatMemory this[AddressSpace space] => (space == AddressSpace.Memory ? Memory : Io) ?? new FlatMemory(space, []);
}
