using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class MemoryMapTests
{
    private const string View =
        "FlatView #0\r\n AS \"memory\", root: system\r\n AS \"cpu-memory-0\", root: system\r\n Root memory region: system\r\n";

    public static TheoryData<string> Machines => MemoryMaps.Machines;

    [Theory]
    [MemberData(nameof(Machines))]
    public void Every_line_of_a_real_QEMU_is_read(string machine)
    {
        var map = MemoryMaps.Of(machine);
        Assert.Empty(map.Unparsed);
        var lines = MemoryMaps.Text(machine).Split("\r\n");
        Assert.Equal(RangesBelow(lines, " AS \"memory\", root: system"), map.Memory!.Ranges.Length);
        Assert.Equal(RangesBelow(lines, " AS \"I/O\", root: io"), map.Io!.Ranges.Length);
        foreach (var space in map.Spaces)
        {
            Assert.All(space.Ranges.Zip(space.Ranges.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Start));
        }
    }

    [Fact]
    public void A_range_is_told_with_its_region_and_its_owner()
    {
        var memory = MemoryMaps.Of("10.0-x86_64").Memory!;
        Assert.Equal(new MemoryRange(0, 0xc2fff, "pc.ram", "ram", 0, Path("/objects/pc.ram")), memory.Ranges[0]);
        Assert.Equal(new MemoryRange(0xc3000, 0xe3fff, "pc.ram", "rom", 0xc3000, Path("/objects/pc.ram")), memory.Ranges[1]);
        Assert.Equal(new MemoryRange(0xfe002000, 0xfe00202f, "msix-table", "i/o", 0, new MemoryOwner("vda", null)), memory.Find(0xfe002000));
        Assert.Equal(new MemoryRange(0xfffc0000, 0xffffffff, "pc.bios", "rom", 0, Owner: null), memory.Ranges[^1]);
        var io = MemoryMaps.Of("10.0-x86_64").Io!;
        Assert.Equal(new MemoryRange(0x60, 0x60, "i8042-data", "i/o", 0, Path("/machine/unattached/device[10]")), io.Find(0x60));
        Assert.Equal(new MemoryRange(0xcfa, 0xcfb, "pci-conf-idx", "i/o", 2, Path("/machine/q35")), io.Find(0xcfa));

        // A list of ports is known by its type alone; its parent is the device.
        Assert.Equal(Path("/machine/unattached/device[3]/dma[0]"), io.Find(0x87)!.Owner);
        Assert.Equal("romd", MemoryMaps.Of("7.2-aarch64").Memory!.Ranges[0].Kind);
    }

    [Fact]
    public void Under_KVM_the_name_ends_where_it_ends()
    {
        var memory = MemoryMaps.Of(MemoryMaps.Kvm).Memory!;
        Assert.Equal(new MemoryRange(0x1_0000_0000, 0x1_bfff_ffff, "pc.ram", "ram", 0x8000_0000, Path("/objects/pc.ram")), memory.Ranges[^1]);
        Assert.Equal(("vga ioports remapped", "/machine/peripheral-anon/device[1]"), (memory.Find(0xfeb98400)!.Name, memory.Find(0xfeb98400)!.Owner!.QomPath));
        Assert.Equal("vga.mmio", memory.Find(0xfeb98180)!.Name);
        Assert.Equal("pc.bios", memory.Find(0xffffffff)!.Name);
    }

    [Theory]
    [InlineData("  0000000000000000-ffffffffffffffff (prio -1, i/o): all orphan", "all", "i/o", null)]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, nv-ram): a b @c @0000000000000010 owner:{dev id=x} KVM KVM", "a b @c", "nv-ram", "x")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ramd): owner:{dev id=a} owner:{dev id=b}", "owner:{dev id=a}", "ramd", "b")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram):  owner:{dev id=a}b}", "", "ram", "a}b")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): x owner:{obj type=t} parent:{dev id=p}", "x", "ram", "p")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): x owner:{obj type=t} parent:{obj path=/machine/unattached}", "x", "ram", null)]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): x owner:{obj path=/objects/m} parent:{dev id=p}", "x", "ram", "/objects/m")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): <b>\u202e&\" orphan KVM", "<b>\u202e&\"", "ram", null)]
    public void A_range_is_read_from_its_end(string line, string name, string kind, string? owner)
    {
        var range = MemoryTreeText.ParseRange(line)!;
        Assert.Equal((name, kind, owner), (range.Name, range.Kind, range.Owner?.ToString()));
    }

    [Fact]
    public void The_whole_of_an_address_space_has_a_size() =>
        Assert.Equal(UInt128.One << 64, MemoryTreeText.ParseRange("  0000000000000000-ffffffffffffffff (prio 0, i/o): all orphan")!.SizeBytes);

    [Theory]
    [InlineData("  0000000000001000-0000000000000fff (prio 0, ram): ends before it begins orphan")]
    [InlineData("  000000000000100-00000000000001fff (prio 0, ram): x orphan")]
    [InlineData("  0000000000001000-0000000000001fff (prio , ram): x orphan")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, rum): x orphan")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, nv-): x orphan")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): no owner")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram): x owner:{dev id=a} 5")]
    [InlineData("  0000000000001000-0000000000001fff (prio 0, ram)")]
    [InlineData("  +000000000001000-0000000000001fff (prio 0, ram): x orphan")]
    [InlineData("  0000000000000800-0000000000001fff (prio 0, ram): over the one above orphan")]
    [InlineData("  ")]
    [InlineData("what is this")]
    public void A_line_that_does_not_fit_is_kept_and_the_others_are_read(string line)
    {
        const string Before = "  0000000000000000-0000000000000fff (prio 0, ram): before orphan\r\n";
        const string Behind = "  0000000000002000-0000000000002fff (prio 0, ram): behind orphan\r\n";
        var map = MemoryTreeText.Parse($"{View}{Before}{line}\r\n{Behind}\r\n");
        Assert.Equal([line], map.Unparsed);
        Assert.Equal(["before", "behind"], map.Memory!.Ranges.Select(range => range.Name));
    }

    [Fact]
    public void A_view_that_address_spaces_share_is_each_ones_and_the_views_of_devices_are_nobodys()
    {
        var map = MemoryTreeText.Parse(
            "FlatView #0\r\n AS \"virtio-pci-cfg-mem-as\", root: virtio-pci\r\n Root memory region: virtio-pci\r\n  what a device sees\r\n\r\n"
            + "FlatView #1\r\n AS \"I/O\", root: io\r\n AS \"memory\", root: system\r\n Root memory region: (none)\r\n  No rendered FlatView\r\n\r\n"
            + "FlatView #2\r\n AS \"memory\", root: system\r\n  0000000000000000-0000000000000fff (prio 0, ram): second orphan\r\n\r\n");
        Assert.Empty(map.Unparsed);
        Assert.Empty(map.Memory!.Ranges);
        Assert.Empty(map.Io!.Ranges);
    }

    [Fact]
    public void A_text_without_an_address_space_is_no_empty_one()
    {
        Assert.Null(MemoryTreeText.Parse("").Memory);
        var refused = MemoryTreeText.Parse("unknown command: 'info mtree'\r\n");
        Assert.Equal((null, null), (refused.Memory, refused.Io));
        Assert.Equal(["unknown command: 'info mtree'"], refused.Unparsed);
    }

    [Fact]
    public void Wherever_a_text_ends_what_came_before_is_read_and_the_rest_is_kept()
    {
        var text = MemoryMaps.Text("7.2-aarch64");
        var whole = MemoryMaps.Of("7.2-aarch64");
        for (var length = 0; length < text.Length; length++)
        {
            var cut = MemoryTreeText.Parse(text[..length]);
            var lastLine = text[(text[..length].LastIndexOf('\n') + 1)..length];
            Assert.Equal(lastLine.Length == 0 ? [] : [lastLine], cut.Unparsed);
            foreach (var space in cut.Spaces)
            {
                Assert.True(whole[space.Space].Ranges.AsSpan(0, space.Ranges.Length).SequenceEqual(space.Ranges.AsSpan()), $"{length}");
            }
        }
    }

    [Fact]
    public void A_garbled_text_gives_ranges_in_order_and_keeps_what_it_cannot_read()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var text = MemoryMaps.Text("10.0-x86_64").ToCharArray();
            for (var i = 0; i < 200; i++)
            {
                text[random.Next(text.Length)] = (char)random.Next(1, 128);
            }

            var map = MemoryTreeText.Parse(new string(text));
            Assert.All(map.Spaces, space => Assert.All(space.Ranges.Zip(space.Ranges.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Start)));
            Assert.NotEmpty(map.Unparsed);
        }
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Every_address_finds_its_range_and_no_other(string machine)
    {
        foreach (var space in MemoryMaps.Of(machine).Spaces)
        {
            foreach (var range in space.Ranges)
            {
                Assert.Same(range, space.Find(range.Start));
                Assert.Same(range, space.Find(range.End));
                Assert.Same(range, space.Find(range.Start + ((range.End - range.Start) / 2)));
            }

            foreach (var (before, behind) in space.Ranges.Zip(space.Ranges.Skip(1)).Where(pair => pair.First.End + 1 < pair.Second.Start))
            {
                Assert.Null(space.Find(before.End + 1));
                Assert.Equal((before, behind), space.Around(behind.Start - 1));
            }
        }
    }

    [Fact]
    public void Beyond_the_last_range_and_in_an_empty_space_nothing_is_found()
    {
        var memory = MemoryMaps.Of("7.2-x86_64").Memory!;
        Assert.Null(memory.Find(ulong.MaxValue));
        Assert.Equal((memory.Ranges[^1], null), memory.Around(ulong.MaxValue));
        var empty = new FlatMemory(AddressSpace.Io, []);
        Assert.Null(empty.Find(0));
        Assert.Equal((null, null), empty.Around(0));
    }

    [Theory]
    [InlineData("0xfebc8134", 0xfebc8134)]
    [InlineData(" 0XFEBC8134 ", 0xfebc8134)]
    [InlineData("00000000febc8000", 0xfebc8000)]
    [InlineData("0xffffffffffffffff", ulong.MaxValue)]
    [InlineData("0x0", 0)]
    public void An_address_is_read_as_people_and_QEMU_write_it(string text, ulong address)
    {
        Assert.True(MemoryAddress.TryParse(text, out var read));
        Assert.Equal(address, read);
        Assert.True(MemoryAddress.TryParse(MemoryAddress.Text(address), out read));
        Assert.Equal(address, read);
        Assert.Equal(18, MemoryAddress.Text(address).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("febc8134")]
    [InlineData("1024")]
    [InlineData("0x")]
    [InlineData("0x10000000000000000")]
    [InlineData("00000000febc800")]
    [InlineData("0x-1")]
    [InlineData("0x12g4")]
    public void What_could_be_another_number_is_no_address(string? text) => Assert.False(MemoryAddress.TryParse(text, out _));

    private static MemoryOwner Path(string path) => new(null, path);

    private static int RangesBelow(string[] lines, string space) =>
        lines.SkipWhile(line => line != space).TakeWhile(line => line.Length > 0).Count(line => line.Contains(" (prio ", StringComparison.Ordinal));
}
