using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class MemoryMapDifferenceTests
{
    [Theory]
    [MemberData(nameof(MemoryMaps.Machines), MemberType = typeof(MemoryMaps))]
    public void A_map_does_not_differ_from_itself(string machine) =>
        Assert.Empty(MemoryMapDifference.Between(MemoryMaps.Of(machine), MemoryMaps.Of(machine)));

    [Fact]
    public void A_region_that_moved_is_told_with_both_addresses()
    {
        var before = MemoryMaps.Of("7.2-x86_64");
        var now = MemoryTreeText.Parse(MemoryMaps.Moved(MemoryMaps.Text("7.2-x86_64"), 0xfea08000, 0xfea18000, sizeBytes: 0x1000));
        var (from, to) = (before.Memory!.Find(0xfea08000)!, now.Memory!.Find(0xfea18000)!);
        Assert.Equal("virtio-pci-common-virtio-blk", to.Name);
        Assert.Equal([new MemoryChange(AddressSpace.Memory, to, from.Start, to.Start)], MemoryMapDifference.Between(before, now));
    }

    [Fact]
    public void What_came_and_went_is_told()
    {
        var text = MemoryMaps.Text("7.2-x86_64");
        var without = string.Join("\r\n", text.Split("\r\n").Where(line => !line.Contains("): hpet ", StringComparison.Ordinal)));
        var (with, gone) = (MemoryTreeText.Parse(text), MemoryTreeText.Parse(without));
        var hpet = with.Memory!.Find(0xfed00000)!;
        Assert.Equal([new MemoryChange(AddressSpace.Memory, hpet, hpet.Start, null)], MemoryMapDifference.Between(with, gone));
        Assert.Equal([new MemoryChange(AddressSpace.Memory, hpet, null, hpet.Start)], MemoryMapDifference.Between(gone, with));
    }

    [Fact]
    public void What_shows_through_beside_something_new_has_not_changed()
    {
        var before = Map("  0000000000000000-000000000000ffff (prio 0, i/o): window owner:{dev path=/machine/host}");
        var now = Map(
            "  0000000000000000-0000000000003fff (prio 0, i/o): window owner:{dev path=/machine/host}",
            "  0000000000004000-0000000000004fff (prio 1, i/o): new owner:{dev id=d1}",
            "  0000000000005000-000000000000ffff (prio 0, i/o): window @0000000000005000 owner:{dev path=/machine/host}");
        var change = Assert.Single(MemoryMapDifference.Between(before, now));
        Assert.Equal(("new", null, 0x4000UL), (change.Range.Name, change.From, change.To));
    }

    [Fact]
    public void A_region_in_pieces_moves_as_one_and_its_namesakes_each_by_itself()
    {
        var before = Map(
            "  0000000000001000-00000000000010ff (prio 0, i/o): mmio owner:{dev id=v}",
            "  0000000000001200-00000000000012ff (prio 0, i/o): mmio @0000000000000200 owner:{dev id=v}",
            "  0000000000008000-00000000000080ff (prio 0, i/o): mmio owner:{dev id=w}");
        var now = Map(
            "  0000000000002000-00000000000020ff (prio 0, i/o): mmio owner:{dev id=v}",
            "  0000000000002200-00000000000022ff (prio 0, i/o): mmio @0000000000000200 owner:{dev id=v}",
            "  0000000000007000-00000000000070ff (prio 0, i/o): mmio owner:{dev id=w}");
        Assert.Equal(
            [("v", 0x1000UL, 0x2000UL), ("w", 0x8000UL, 0x7000UL)],
            MemoryMapDifference.Between(before, now).Select(change => (change.Range.Owner!.QdevId!, change.From!.Value, change.To!.Value)));
    }

    private static MemoryMap Map(params string[] ranges) =>
        MemoryTreeText.Parse($"FlatView #0\n AS \"memory\", root: system\n Root memory region: system\n{string.Join('\n', ranges)}\n\n");
}
