using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>Addresses behind one another that lead to one memory region of QEMU. Addresses are text, `0x` and 16 hexadecimal digits: they sort as such, and no JavaScript number rounds them.</summary>
/// <param name="Space">`memory`, or `io` for the ports of x86.</param>
/// <param name="Start">The first address.</param>
/// <param name="End">The last address, itself included.</param>
/// <param name="Name">The region's name, such as `msix-table`; not unique.</param>
/// <param name="Kind">QEMU's word: `ram`, `rom`, `romd`, `ramd`, `i/o`; with `nv-` before it where it outlives the VM.</param>
/// <param name="Owner">The id of the device that it belongs to, or the owner's place in QEMU's tree, which begins with `/`; null for what belongs to nobody.</param>
/// <param name="RegionOffset">Where in the region the range begins.</param>
/// <param name="Device">Of the PCI device whose BAR opened the range, or has the address among its own, the id, or without one the place on the bus (`00:1f.2`).</param>
/// <param name="PciAddress">The same device's place on the bus.</param>
/// <param name="Bar">Which of its BARs, 0 to 5; 6 is the expansion ROM.</param>
/// <param name="Offset">Where in the BAR the range begins; of an address that was asked for, where that one is.</param>
/// <param name="Address">The address that was asked for; null in the list.</param>
public sealed record MemoryRangeContract(
    string Space,
    string Start,
    string End,
    string Name,
    string Kind,
    string? Owner,
    string RegionOffset,
    string? Device,
    string? PciAddress,
    int? Bar,
    string? Offset,
    string? Address)
{
    internal static MemoryRangeContract Of(PciAddressMap map, AddressSpace space, MemoryRange range) =>
        Of(space, range, map.BarOf(space, range), asked: null);

    /// <summary>The BAR is the address's, also where the range shows through it.</summary>
    internal static MemoryRangeContract Of(AddressPlace place, MemoryRange range) => Of(place.Space, range, place.Bar, place.Address);

    private static MemoryRangeContract Of(AddressSpace space, MemoryRange range, PciBar? bar, ulong? asked) =>
        new(
            space.Word(),
            MemoryAddress.Text(range.Start),
            MemoryAddress.Text(range.End),
            range.Name,
            range.Kind,
            range.Owner?.ToString(),
            MemoryAddress.Text(range.Offset),
            bar?.Device,
            bar?.PciAddress,
            bar?.Bar,
            bar is null ? null : MemoryAddress.Text((asked ?? range.Start) - bar.Start),
            asked is { } address ? MemoryAddress.Text(address) : null);
}

/// <summary>What answers at which address of a VM.</summary>
public static class MemoryMapEndpoints
{
    private static readonly string[] Filters = ["address", "space"];

    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/vms/{vm}/memory-map", GetMemoryMapAsync).WithTags("VMs")
        .Produces<IReadOnlyList<MemoryRangeContract>>()
        .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);

    /// <summary>The VM's address spaces as flat lists; with `address` the one range that holds it, alone and not in a list. Where nothing answers, 404 names the neighbours.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="address">`0x` and 1 to 16 hexadecimal digits, or all 16 digits as QEMU prints them.</param>
    /// <param name="space">`memory` or `io`. If left out, both are listed, and an address is looked up in `memory`.</param>
    internal static async Task<IResult> GetMemoryMapAsync(string vm, VmRegistry vms, HttpContext context, string? address = null, string? space = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var wanted = Space(space);
        var asked = Address(address);
        var map = await PciAddressMap.ReadAsync(vms.Require(vm), context.RequestAborted);
        return asked is { } one
            ? TypedResults.Ok(Find(map, vm, wanted ?? AddressSpace.Memory, one))
            : TypedResults.Ok(List(map, wanted));
    }

    private static IReadOnlyList<MemoryRangeContract> List(PciAddressMap map, AddressSpace? wanted) =>
    [
        .. from space in map.Map.Spaces
           where wanted is null || space.Space == wanted
           from range in space.Ranges
           select MemoryRangeContract.Of(map, space.Space, range),
    ];

    private static MemoryRangeContract Find(PciAddressMap map, string vm, AddressSpace space, ulong address)
    {
        var place = map.Find(space, address);
        return place.Range is { } range
            ? MemoryRangeContract.Of(place, range)
            : throw new UnknownThingException($"In {vm}'s address space {space.Word()}, {place.Words}. {Neighbours(map.Map[space].Around(address))}");
    }

    private static string Neighbours((MemoryRange? Before, MemoryRange? Behind) around) => around switch
    {
        (null, null) => "That space is empty.",
        ({ } before, null) => $"The last range is {before.Name}, which ends at {MemoryAddress.ShortText(before.End)}.",
        (null, { } behind) => $"The first range is {behind.Name}, which begins at {MemoryAddress.ShortText(behind.Start)}.",
        ({ } before, { } behind) =>
            $"Before it {before.Name} ends at {MemoryAddress.ShortText(before.End)}, behind it {behind.Name} begins at {MemoryAddress.ShortText(behind.Start)}.",
    };

    private static AddressSpace? Space(string? word) => word is null ? null
        : AddressSpaceWords.TryParse(word, out var space) ? space
        : throw new BadInputException($"space: \"{word}\" is none of memory, io.");

    private static ulong? Address(string? text) => text is null ? null
        : MemoryAddress.TryParse(text, out var address) ? address
        : throw new BadInputException($"address: \"{text}\" cannot be read; {MemoryAddress.Allowed}.");
}
