using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class MemoryWindowTests
{
    [Fact]
    public void A_range_is_drawn_to_scale_and_cut_at_the_edges()
    {
        var window = new MemoryWindow(0x1000, 0x1fff);
        Assert.Equal((25, 50), window.Place(Range(0x1400, 0x1bff)));
        Assert.Equal((0, 25), window.Place(Range(0, 0x13ff)));
        Assert.Equal((75, 25), window.Place(Range(0x1c00, ulong.MaxValue)));
        Assert.False(window.Shows(Range(0x2000, 0x2fff)));
        Assert.Equal(0x1800UL, window.Quarter(2));
        Assert.Equal(0x1fffUL, window.Quarter(4));
    }

    [Theory]
    [MemberData(nameof(MemoryMaps.Machines), MemberType = typeof(MemoryMaps))]
    public void Every_range_is_seen_well_when_the_window_goes_to_it(string machine)
    {
        foreach (var space in MemoryMaps.Of(machine).Spaces)
        {
            Assert.All(space.Ranges, range => Assert.True(MemoryWindow.Around(space.Space, range.Start, range.End).Shows(range), $"{range}"));
            Assert.All(
                space.Ranges.Where(range => range.SizeBytes >= 32),
                range => Assert.True(MemoryWindow.Around(space.Space, range.Start, range.End).ShowsWell(range), $"{range}"));
        }
    }

    [Fact]
    public void Zooming_in_and_out_ends_at_the_least_and_at_everything()
    {
        var whole = new MemoryWindow(0, 0xff_ffff_ffff);
        var window = whole;
        for (var i = 0; i < 40; i++)
        {
            window = window.In(0x8000801234);
            Assert.InRange(0x8000801234UL, window.From, window.To);
        }

        Assert.Equal((UInt128)16, window.Addresses);
        for (var i = 0; i < 40; i++)
        {
            window = window.Out(whole);
        }

        Assert.Equal(whole, window);
    }

    [Fact]
    public void Round_addresses_stand_below_the_drawing()
    {
        var window = MemoryWindow.Around(AddressSpace.Memory, 0xfea08123, 0xfea08345);
        Assert.Equal([0xfea07800UL, 0xfea07c00, 0xfea08000, 0xfea08400, 0xfea087ff], Enumerable.Range(0, 5).Select(window.Quarter));
    }

    [Fact]
    public void Moving_stops_at_the_lowest_and_the_highest_address()
    {
        Assert.Equal(new MemoryWindow(0, 0xfff), new MemoryWindow(0x100, 0x10ff).Moved(up: false));
        Assert.Equal(new MemoryWindow(0x1800, 0x27ff), new MemoryWindow(0x1000, 0x1fff).Moved(up: true));
        var last = new MemoryWindow(ulong.MaxValue - 0xfff, ulong.MaxValue);
        Assert.Equal(last, last.Moved(up: true));
        var all = new MemoryWindow(0, ulong.MaxValue);
        Assert.Equal(all, all.Moved(up: true));
        Assert.Equal(all, all.Out(all));
        Assert.Equal(all, MemoryWindow.Around(AddressSpace.Memory, 0, ulong.MaxValue));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("0x1000", null)]
    [InlineData("0x1fff", "0x1000")]
    [InlineData("0x1000", "0x1001")]
    [InlineData("a", "b")]
    public void An_address_of_the_page_without_a_window_has_none(string? from, string? to) => Assert.Null(MemoryWindow.Of(from, to));

    [Fact]
    public void An_empty_space_has_a_window_too() =>
        Assert.Equal(new MemoryWindow(0, 15), MemoryWindow.Whole(new FlatMemory(AddressSpace.Io, [])));

    private static MemoryRange Range(ulong start, ulong end) => new(start, end, "x", "ram", 0, null);
}
