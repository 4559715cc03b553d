using System.Collections.Immutable;

namespace LabNet.Core.Vms;

/// <param name="Range">The first of the region's ranges: as it is now, or as it was where it went.</param>
/// <param name="From">Where the region's first range began before; null for one that came.</param>
/// <param name="To">Where it begins now; null for one that went.</param>
public sealed record MemoryChange(AddressSpace Space, MemoryRange Range, ulong? From, ulong? To);

/// <summary>What differs between two maps of the same VM.</summary>
public static class MemoryMapDifference
{
    /// <summary>
    /// Regions that came, went or moved. They are known again by owner, name and kind, and one of them in several ranges by where it would
    /// begin. That another part of a region is seen, because something came to lie over it, is no change of that region.
    /// </summary>
    /// <returns>By space, then by address.</returns>
    public static ImmutableArray<MemoryChange> Between(MemoryMap before, MemoryMap now) =>
    [
        .. Enum.GetValues<AddressSpace>()
            .SelectMany(space => Between(space, before[space].Ranges, now[space].Ranges))
            .OrderBy(change => change.Space)
            .ThenBy(change => change.To ?? change.From),
    ];

    private static IEnumerable<MemoryChange> Between(AddressSpace space, ImmutableArray<MemoryRange> before, ImmutableArray<MemoryRange> now)
    {
        var regionsBefore = RegionsOf(before);
        var regionsNow = RegionsOf(now);
        foreach (var key in regionsBefore.Keys.Union(regionsNow.Keys))
        {
            var old = regionsBefore.GetValueOrDefault(key) ?? [];
            var current = regionsNow.GetValueOrDefault(key) ?? [];
            var went = old.ExceptBy(current.Select(range => range.RegionStart), range => range.RegionStart).ToList();
            var came = current.ExceptBy(old.Select(range => range.RegionStart), range => range.RegionStart).ToList();
            var moved = Math.Min(went.Count, came.Count);
            for (var i = 0; i < moved; i++)
            {
                yield return new MemoryChange(space, came[i], went[i].Start, came[i].Start);
            }

            foreach (var range in went.Skip(moved))
            {
                yield return new MemoryChange(space, range, range.Start, To: null);
            }

            foreach (var range in came.Skip(moved))
            {
                yield return new MemoryChange(space, range, From: null, range.Start);
            }
        }
    }

    /// <summary>The first range of each region, by what it is known by.</summary>
    private static Dictionary<(MemoryOwner?, string, string), List<MemoryRange>> RegionsOf(ImmutableArray<MemoryRange> ranges) => ranges
        .DistinctBy(range => (range.Owner, range.Name, range.Kind, range.RegionStart))
        .GroupBy(range => (range.Owner, range.Name, range.Kind))
        .ToDictionary(group => group.Key, group => group.ToList());
}
