using System.Collections.Immutable;
using System.Text;
using LabNet.Core.Labs;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.TraceEvents;
using LabNet.Web.Dashboard.Vm.Trace;

namespace LabNet.Tests.Dashboard;

/// <summary>What stands behind the Trace part of a VM's page.</summary>
[Trait("suite", "unit")]
public sealed class TraceFollowerTests
{
    private static readonly VmName Box = VmName.Parse("box");
    private static readonly TraceCatalogue Catalogue = TraceCatalogue.Parse(RandomTraceLog.Declarations);

    private readonly TraceLogReader _reader = new(Catalogue);
    private readonly TraceSegmentBuilder _growing = new();
    private readonly TraceTail _tail;
    private readonly TraceFollower _follower;

    public TraceFollowerTests()
    {
        _tail = new TraceTail(Box, _growing);
        _follower = new TraceFollower(_tail);
    }

    [Fact]
    public void Of_more_than_can_be_read_the_newest_are_listed_and_a_line_says_how_many_are_not()
    {
        Write(10);
        _follower.Pull(10, filteredOut: 0, isPaused: false);
        Assert.Equal(Enumerable.Range(1, 10).Reverse(), Listed());
        Write(1000);
        _follower.Pull(1010, filteredOut: 0, isPaused: false);
        Assert.Equal(TraceFollower.PullMax + 1 + 10, _follower.Lines.Count);
        Assert.Equal(Enumerable.Range(1011 - TraceFollower.PullMax, TraceFollower.PullMax).Reverse(), Listed().Take(TraceFollower.PullMax));
        Assert.Equal(1000 - TraceFollower.PullMax, _follower.Lines[TraceFollower.PullMax].LeftOut);
    }

    [Fact]
    public void However_long_it_is_followed_the_list_stays_bounded()
    {
        for (var pull = 1; pull <= 30; pull++)
        {
            Write(100);
            _follower.Pull(pull * 100, filteredOut: 0, isPaused: false);
        }

        Assert.Equal(TraceFollower.LinesMax, _follower.Lines.Count);
        Assert.Equal(3000, Listed()[0]);
    }

    [Fact]
    public void Another_filter_begins_with_what_is_in_memory_and_a_pause_lets_it()
    {
        Write(50);
        _follower.Pull(50, filteredOut: 0, isPaused: true);
        Assert.Equal(50, Listed().Count);
        Write(50);
        _follower.Pull(100, filteredOut: 0, isPaused: true);
        Assert.Equal((50, 50), (Listed().Count, _follower.WhilePaused));
        Assert.True(TraceFilter.TryParse("sector >= 95", Catalogue, out var filter, out _));
        _follower.Choose(filter);
        _follower.Pull(100, filteredOut: 0, isPaused: true);
        Assert.Equal([100, 99, 98, 97, 96, 95], Listed());
    }

    [Fact]
    public void What_a_switchs_filter_leaves_out_is_not_counted_as_new()
    {
        Write(50);
        _follower.Pull(50, filteredOut: 1000, isPaused: false);
        _follower.Pull(150, filteredOut: 1070, isPaused: true);
        Assert.Equal(30, _follower.WhilePaused);
        _follower.Pull(150, filteredOut: 1070, isPaused: false);
        _follower.Pull(160, filteredOut: 1070, isPaused: true);
        Assert.Equal(10, _follower.WhilePaused);
    }

    [Fact]
    public void A_rate_is_that_of_the_last_seconds_and_goes_to_nothing()
    {
        var time = new ManualTimeProvider();
        var rate = new TraceRate(time);
        for (var tenth = 0; tenth <= 100; tenth++)
        {
            rate.Add(new TraceEventsSeen(tenth * 1600, Unparsed: 0, FilteredOut: 0, LastSequence: 0, HandedOnSequence: 0, IsFull: false, TimesFull: 0));
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(rate.PerSecond(), 15_000, 17_000);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, rate.PerSecond());
    }

    [Fact]
    public void Names_are_offered_by_groups_at_first_and_counted_by_patterns()
    {
        var names = TraceNameList.Of([
            new("virtio_blk_handle_read", "enabled"), new("virtio_blk_handle_write", "disabled"), new("virtio_net_rss", "disabled"), new("virtio_gone", "unavailable"), new("x_virtio", "disabled")]);
        Assert.Equal((4, 1), (names.Count, names.On));
        Assert.Equal(["virtio_*:3", "virtio_blk_handle_read:1", "virtio_blk_handle_write:1", "virtio_net_rss:1", "x_virtio:1"], names.Offer("virtio").Select(offer => $"{offer.Pattern}:{offer.Fits}"));
        Assert.Equal("virtio_blk_*", names.Offer("virtio_b")[0].Pattern);
        Assert.Equal(["virtio_blk_handle_read", "virtio_blk_handle_write"], names.Matching("virtio_?lk*"));
        Assert.Empty(names.Matching("virtio_gone"));
        Assert.Empty(names.Offer("virtio*"));
    }

    [Fact]
    public void Registers_of_several_devices_are_one_switch_whose_filter_names_them()
    {
        ImmutableArray<TraceEventSwitch> inForce = [];
        foreach (var device in (string[])["vda", "00:1f.2", "eth0"])
        {
            inForce = [RegisterTrace.Turned(inForce, device)!];
            Assert.Contains(device, RegisterTrace.DevicesOf(inForce));
            Assert.True(TraceFilter.TryParse(inForce[0].Filter!, Catalogue, out _, out var mistake), mistake?.ToString());
        }

        Assert.Equal("device in (\"vda\", \"00:1f.2\", \"eth0\")", inForce[0].Filter);
        inForce = [RegisterTrace.Turned(inForce, "00:1f.2")!];
        inForce = [RegisterTrace.Turned(inForce, "vda")!];
        Assert.Equal("device == \"eth0\"", inForce[0].Filter);
        Assert.Null(RegisterTrace.Turned(inForce, "eth0"));
        Assert.Empty(RegisterTrace.DevicesOf([new TraceEventSwitch(RegisterTrace.Pattern, Enabled: true, TraceKeep.Store, "device == \"vda\" and size > 4")]));
    }

    [Fact]
    public void What_a_preset_switches_on_this_QEMU_declares()
    {
        const string Declared = "/usr/share/qemu/trace-events-all";
        Assert.SkipUnless(File.Exists(Declared), $"{Declared} is not installed.");
        var names = TraceNameList.Of(TraceCatalogue.Parse(File.ReadAllText(Declared)));
        foreach (var choice in Enum.GetValues<Architecture>().SelectMany(TracePreset.Of).SelectMany(preset => preset.Choices))
        {
            Assert.All(choice.Patterns, pattern => Assert.True(names.Has(pattern), pattern));
        }
    }

    private List<int> Listed() => [.. _follower.Lines.Where(line => line.Event is not null).Select(line => (int)line.Event!.Values[2].Bits)];

    private void Write(int count)
    {
        var first = (int)_reader.NextSequence;
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(first, count).Select(number =>
            $"100@1795000000.{number % 1_000_000:000000}:virtio_blk_handle_read vdev 0x10 req 0x20 sector {number} nsectors 8\n")));
        for (var read = 0; read < lines.Length;)
        {
            read += _reader.Read(lines.AsSpan(read), nowNs: 0, isEnd: true, _growing);
        }
    }
}
