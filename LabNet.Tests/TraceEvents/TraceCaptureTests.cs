using System.Text;
using LabNet.Core.Labs;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Tests.TraceEvents;

/// <summary>Logs that are written here, of a VM that does not run: what QEMU would do to them, and what it seldom does.</summary>
[Trait("suite", "fake")]
public sealed class TraceCaptureTests : IAsyncDisposable
{
    private const string OneVm = """
        name: traced
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian }
        """;

    private static readonly VmName Box = VmName.Parse("box");
    private static readonly TraceCatalogue Catalogue = TraceCatalogue.Parse(RandomTraceLog.Declarations);

    private readonly TracedLab _traced = TracedLab.Open(OneVm, Catalogue);

    private VmPaths Paths => _traced.Lab.Vm("box").Paths;

    public ValueTask DisposeAsync() => _traced.DisposeAsync();

    [Fact]
    public async Task What_a_log_holds_is_found_and_a_log_is_removed_when_its_end_is_in_the_database()
    {
        Write(1, Numbered(1, 5000));
        Assert.Equal(5000, await StoredAsync(5000));
        Write(2, Numbered(5001, 10));
        Assert.Equal(5010, await StoredAsync(5010));
        Assert.False(File.Exists(Paths.TraceLog(1)));
        Assert.Equal(Enumerable.Range(1, 5010), Found());
    }

    [Fact]
    public async Task A_LabNet_that_ends_in_the_middle_of_a_burst_leaves_no_hole_and_nothing_twice()
    {
        var random = Seed.Print();
        var (next, log) = (1, 1L);
        for (var round = 0; round < 12; round++)
        {
            var count = random.Next(1, 9000);
            Write(log, Numbered(next, count));
            next += count;
            log += random.Next(3) == 0 ? 1 : 0;

            // It is gone before it has read all, or right after.
            if (random.Next(2) == 0)
            {
                await SeenAsync(next - random.Next(1, count + 1));
            }

            await _traced.EndAsync();
            _traced.Begin();
        }

        await StoredAsync(next - 1);
        Assert.Equal(Enumerable.Range(1, next - 1), Found());
        Assert.Equal(Enumerable.Range(1, next - 1).Select(number => (long)number), Read().Select(one => one.Sequence));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_budget_that_is_reached_in_the_middle_of_a_burst_takes_the_oldest_and_no_other()
    {
        const long Budget = 300_000;
        const int Logs = 12, EventsALog = 20_000;
        await _traced.EndAsync();
        _traced.Begin(Budget);
        for (var log = 0; log < Logs; log++)
        {
            Write(log + 1, Numbered((log * EventsALog) + 1, EventsALog));
        }

        await StoredAsync(Logs * EventsALog);
        await _traced.KeptWithinAsync(Budget);
        var found = Found().ToList();
        Assert.InRange(found.Count, EventsALog, (Logs - 1) * EventsALog);
        Assert.Equal(Enumerable.Range((Logs * EventsALog) - found.Count + 1, found.Count), found);
        Assert.Equal(0, Seen().Unparsed);
        Assert.False(File.Exists(Paths.TraceLog(Logs - 1)));
    }

    [Fact]
    public async Task A_line_that_is_torn_at_a_logs_end_is_kept_as_it_is()
    {
        Write(1, "100@1795000000.000001:nothing \n100@1795000000.000002:virtio_blk_req_comp"u8.ToArray());
        Write(2, "100@1795000000.000003:nothing \n"u8.ToArray());
        await StoredAsync(3);
        Assert.Equal(["nothing", "(unparsed)", "nothing"], Read().Select(one => one.Type.Name));
        Assert.Equal("100@1795000000.000002:virtio_blk_req_comp", Read()[1].Values[0].Text);
    }

    [Fact]
    public async Task Garbage_and_a_line_of_a_megabyte_are_kept_and_counted_and_what_follows_is_understood()
    {
        var garbage = new byte[10_000];
        Seed.Print().NextBytes(garbage);
        garbage.AsSpan().Replace((byte)'\n', (byte)0);
        Write(1, [.. garbage, (byte)'\n', .. Enumerable.Repeat((byte)'x', 1 << 20), (byte)'\n', .. "100@1795000000.000001:nothing \n"u8]);
        await StoredAsync(3);
        Assert.Equal(["(unparsed)", "(unparsed)", "nothing"], Read().Select(one => one.Type.Name));
        Assert.Equal(2, Seen().Unparsed);
    }

    [Fact]
    public async Task A_rule_keeps_some_events_in_memory_only_and_lets_others_not_through()
    {
        TraceEventSwitch[] switches = [new("*", Enabled: true), new("memory_region_*", Enabled: true, TraceKeep.Ring, "name == ahci"), new("virtio_blk_*", Enabled: true, TraceKeep.Store, "latencyUs > 1000")];
        await _traced.EndAsync();
        TraceSwitchFile.Write(Paths.Folder, [.. switches]);
        await _traced.Lab.ReplaceLabNetAsync();
        _traced.Begin();
        var lines = new RandomTraceLog(new Random(5)).Lines(20_000);
        Write(1, lines);
        await StoredAsync(20_000);

        var stored = Read();
        Assert.DoesNotContain(stored, one => one.Type.Name == "memory_region_ops_read");
        Assert.All(stored.Where(one => one.Type.Name.StartsWith("virtio_blk_", StringComparison.Ordinal)), one => Assert.InRange(one.LatencyNs ?? 0, 1_000_001, long.MaxValue));
        var tail = _traced.Pump.TailOf(Box).Read(after: 0, filter: null, limit: 50_000).Events;
        Assert.Equal(stored.Select(one => one.Sequence), tail.Where(one => one.Type.Name != "memory_region_ops_read").Select(one => one.Sequence).Order());
        Assert.Contains(tail, one => one.Type.Name == "memory_region_ops_read");
        Assert.All(tail.Where(one => one.Type.Name == "memory_region_ops_read"), one => Assert.Equal("ahci", one.Values[5].Text));
        Assert.Equal(20_000, Seen().FilteredOut + tail.Count);
    }

    [Fact]
    public async Task The_tail_tells_the_newest_events_behind_a_number()
    {
        Write(1, Numbered(1, 20_000));
        await SeenAsync(20_000);
        var tail = _traced.Pump.TailOf(Box);
        var page = tail.Read(after: 0, filter: null, limit: 5);
        Assert.Equal([20_000, 19_999, 19_998, 19_997, 19_996], page.Events.Select(one => one.Sequence));
        Assert.Equal((20_000, false), (page.LastSequence, page.Missed));
        Assert.Empty(tail.Read(page.LastSequence, filter: null, limit: 5).Events);
        Write(1, Numbered(20_001, 3));
        await SeenAsync(20_003);
        Assert.Equal([20_003, 20_002, 20_001], tail.Read(page.LastSequence, filter: null, limit: 5).Events.Select(one => one.Sequence));
        Assert.True(TraceFilter.TryParse("sector < 3", Catalogue, out var filter, out _));
        Assert.Equal([2, 1], tail.Read(after: 0, filter, limit: 5).Events.Select(one => one.Sequence));
    }

    private static byte[] Numbered(int first, int count) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(first, count).Select(number =>
        $"100@1795000000.{number % 1_000_000:000000}:virtio_blk_handle_read vdev 0x10 req 0x{(uint)(number * (long)number * 40_503):x} sector {number} nsectors 8\n")));

    private void Write(long log, byte[] lines)
    {
        using var file = new FileStream(Paths.TraceLog(log), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(lines);
    }

    private List<TraceEvent> Read() => _traced.Read("box");

    private IEnumerable<int> Found() => Read().Select(one => (int)one.Values[2].Bits);

    private TraceEventsSeen Seen() => _traced.Seen("box");

    private Task SeenAsync(long sequence) => _traced.UntilAsync("box", seen => seen.LastSequence >= sequence);

    private async Task<long> StoredAsync(long sequence)
    {
        await _traced.StoredAsync("box", sequence);
        return _traced.Store.ReadExtent().Events;
    }
}
