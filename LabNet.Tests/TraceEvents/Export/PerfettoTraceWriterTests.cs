using System.Buffers;
using LabNet.Core.TraceEvents;
using static LabNet.Tests.TraceEvents.SampleEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>What is written is read by protoc, and checked strictly by <see cref="PerfettoTrace"/>.</summary>
[Trait("suite", "unit")]
public sealed class PerfettoTraceWriterTests
{
    private const ulong Instant = 3;
    private const ulong Counter = 4;

    [Fact]
    public async Task A_request_is_a_slice_and_a_flow_leads_from_its_begin_to_its_end()
    {
        var trace = await WriteAsync(BeginAt(10, 1), EndAt(95, 1, 85));
        Assert.Equal(
            [
                "10 x86/requests in flight=1",
                "10 x86/vCPU 0: virtio_blk_handle_read(vdev=0x10 req=0x1 sector=2048u nsectors=8u labnet.seq=10u) 1",
                "10-95 x86/virtio_blk requests, vdev 0x10: virtio_blk_handle_read(vdev=0x10 req=0x1 sector=2048u nsectors=8u | status=0) 1",
                "95 x86/requests in flight=0",
                "95 x86/thread 7: virtio_blk_req_complete(vdev=0x10 req=0x1 status=0 labnet.seq=95u) 1",
            ],
            Shown(trace));
    }

    [Fact]
    public async Task Each_kind_of_argument_keeps_its_value()
    {
        var all = Typed("all", "n:d", "u:u", "h:h", "s:s", "n:d");
        var trace = await WriteAsync(At(1, all, [-5L, ulong.MaxValue, ulong.MaxValue, "text", 7]), At(2, all, [long.MinValue, 0, 0, "", 7]));
        Assert.Equal(
            [
                "1 x86/vCPU 0: all(n=-5 u=18446744073709551615u h=0xffffffffffffffff s='text' labnet.seq=1u)",
                "2 x86/vCPU 0: all(n=-9223372036854775808 u=0u h=0x0 s='' labnet.seq=2u)",
            ],
            Shown(trace));
    }

    [Fact]
    public async Task VMs_vCPUs_threads_and_devices_have_their_tracks()
    {
        var scsi = Typed("scsi_req_dequeue", "target:d", "lun:d", "tag:d");
        var trace = await WriteAsync(
            EndAt(10, 1, 5),
            EndAt(20, 1, 5, Arm),
            At(30, scsi, [0, 1, 77], latencyUs: 3),
            At(40, Access, [1, 2, 3, 4, 4, "x"], vcpu: 1),
            At(50, Access, [1, 2, 3, 4, 4, "x"], vcpu: 1) with { Thread = new TraceThread(4711, 1) },
            At(60, TraceEventType.Unparsed, ["words"]) with { Thread = default });
        Assert.Equal(
            [
                "arm", "arm/thread 7", "arm/virtio_blk requests, vdev 0x10", "x86", "x86/scsi_req requests, target 0, lun 1", "x86/thread 7",
                "x86/threads that QEMU did not tell", "x86/vCPU 0", "x86/vCPU 1", "x86/virtio_blk requests, vdev 0x10",
            ],
            trace.Tracks.Order(StringComparer.Ordinal));
        Assert.Equal(["40", "50"], Shown(trace).Where(line => line.Contains("vCPU 1", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task Requests_at_the_same_time_stand_on_lanes_and_no_lane_is_opened_that_is_not_needed()
    {
        var random = Seed.Print();
        var requests = Enumerable.Range(1, 400).Select(number => (Number: number, From: random.Next(0, 2000), For: random.Next(1, 40))).ToList();
        var events = requests.Select(request => BeginAt(request.From, request.Number)).Concat(requests.Select(request => EndAt(request.From + request.For, request.Number, request.For)));
        var trace = await WriteAsync([.. events.OrderBy(traced => traced.TimeNs).ThenBy(traced => traced.Type == Done)]);
        var slices = trace.Events.Where(e => e.Type < Instant).ToList();
        Assert.Equal(
            requests.Select(request => (request.From, request.From + request.For)).Order(),
            slices.Select(slice => ((int)Us(slice.TimeNs), (int)Us(slice.EndNs))).Order());

        var atOnce = requests.Max(at => requests.Count(other => other.From <= at.From && at.From < other.From + other.For));
        Assert.Equal(atOnce, slices.Select(slice => slice.TrackUuid).Distinct().Count());
        Assert.All(trace.Events.SelectMany(e => e.Flows).CountBy(flow => flow), flow => Assert.Equal(3, flow.Value));
        Assert.Equal((0, 0), ((int)trace.Events.First(e => e.Type == Counter).Value - 1, (int)trace.Events.Last(e => e.Type == Counter).Value));
    }

    [Fact]
    public async Task A_request_is_put_where_the_last_one_ended_latest_and_one_that_takes_no_time_finds_room()
    {
        var trace = await WriteAsync(EndAt(1, 1, 1), EndAt(2, 2, 2), EndAt(3, 3, 1), EndAt(4, 4, 3), EndAt(4, 5, 0), EndAt(4, 6, 0));
        Assert.Equal(
            ["0-1 a", "0-2 b", "1-4 a", "2-3 b", "4-4 a", "4-4 a"],
            trace.Events.Where(e => e.Type < Instant).Select(e => $"{Us(e.TimeNs)}-{Us(e.EndNs)} {(e.TrackUuid == trace.Events[0].TrackUuid ? "a" : "b")}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_not_a_whole_request_is_no_slice_and_leads_nowhere()
    {
        var neverEnds = await WriteAsync(BeginAt(1, 1), BeginAt(2, 2), EndAt(3, 2, null));
        Assert.DoesNotContain(neverEnds.Events, e => e.Flows.Length > 0 || e.Type < Instant);
        Assert.Equal(3, neverEnds.Events.Count(e => e.Type == Instant));

        // The first one's end was lost, and the key was used again.
        var reused = await WriteAsync(BeginAt(1, 1), BeginAt(5, 1), EndAt(9, 1, 4));
        Assert.Equal([0, 1, 1], reused.Events.Where(e => e.Type == Instant).Select(e => e.Flows.Length));
        Assert.Equal([1L, 0], reused.Events.Where(e => e.Type == Counter).Select(e => e.Value));

        // The begin that belongs to the end is not among the events.
        var other = await WriteAsync(BeginAt(1, 1), EndAt(9, 1, 4));
        Assert.Equal([0, 1], other.Events.Where(e => e.Type == Instant).Select(e => e.Flows.Length));
        Assert.Equal("5-9 virtio_blk_req_complete( | vdev=0x10 req=0x1 status=0)", other.Events.Where(e => e.Type < Instant).Select(e => $"{Us(e.TimeNs)}-{Us(e.EndNs)} {e.Name}({e.Arguments})").Single());
    }

    [Fact]
    public async Task A_clock_that_is_set_back_tears_nothing()
    {
        var trace = await WriteAsync(EndAt(1000, 1, 900), EndAt(500, 2, 450), EndAt(600, 3, 100), EndAt(-2_000_000_000_000_000, 4, 1));
        Assert.Equal(4, trace.Events.Count(e => e.Type < Instant));
        Assert.Equal(0UL, trace.Events[0].TimeNs);
    }

    [Fact]
    public async Task Hostile_texts_come_out_as_they_are()
    {
        var names = HostileTexts.Select(text => TraceEventType.Untyped(text));
        var events = HostileTexts.Zip(names, (text, type) => At(1, type, [text])).ToArray();
        var trace = await WriteAsync(events);
        Assert.Equal(
            HostileTexts.Select(text => text.Replace('\ud800', '\ufffd')).Select(text => (text, $"text='{text}' labnet.seq=1u")),
            trace.Events.Select(e => (e.Name, e.Arguments)));
    }

    [Fact]
    public async Task No_event_is_an_empty_file() => Assert.Empty(await ExportAsync(TraceExportFormat.Perfetto, []));

    [Fact]
    public async Task More_threads_than_tracks_stand_on_the_VMs_own_and_requests_have_no_slice_then()
    {
        var events = Enumerable.Range(1, 12).Select(number => At(number, Access, [0, 1, 2, 3, 4, "x"]) with { Thread = new TraceThread(number, null) });
        var trace = await WriteAsync(new PerfettoLimits(Tracks: 10), [.. events, EndAt(20, 1, 1), BeginAt(30, 2), EndAt(31, 2, 1), EndAt(40, 1, 1, Arm)]);
        Assert.Equal(["arm", "x86", "x86/requests in flight", .. Enumerable.Range(1, 9).Select(number => $"x86/thread {number}")], trace.Tracks.Order(StringComparer.Ordinal));
        Assert.Equal([10, 11, 12, 30], trace.Events.Where(e => e is { Type: Instant, Track: "x86" }).Select(e => Us(e.TimeNs)));
        Assert.DoesNotContain(trace.Events, e => e.Type < Instant);
        Assert.Equal(2, trace.Events.SelectMany(e => e.Flows).Count());
    }

    [Fact]
    public async Task More_names_than_can_be_numbered_are_written_out()
    {
        var events = Enumerable.Range(1, 20).Select(number => At(number, Typed($"e{number}", $"a{number}:d"), [number]));
        var trace = await WriteAsync(new PerfettoLimits(Names: 10), [.. events]);
        Assert.Equal(
            Enumerable.Range(1, 20).Select(number => $"e{number} a{number}={number} labnet.seq={number}u"), trace.Events.Select(e => $"{e.Name} {e.Arguments}"));
        Assert.Equal(10 + 10, trace.NumberedNames);
    }

    [Fact]
    public async Task Begins_without_ends_do_not_gather_without_limit()
    {
        var events = Enumerable.Range(1, 25).Select(number => BeginAt(number, number));
        var trace = await WriteAsync(new PerfettoLimits(Open: 10), [.. events, EndAt(100, 1, 99), EndAt(101, 25, 76)]);
        Assert.Equal(27, trace.Events.Count(e => e.Type == Instant));
        int[] tenTimes = [.. Enumerable.Range(1, 10)];
        Assert.Equal([.. tenTimes, 0, .. tenTimes, 0, 1, 2, 3, 4, 5, 4], trace.Events.Where(e => e.Type == Counter).Select(e => (int)e.Value));
        Assert.Equal([2, 3], trace.Events.SelectMany(e => e.Flows).CountBy(flow => flow).Select(flow => flow.Value));
    }

    private static async Task<PerfettoTrace> WriteAsync(PerfettoLimits limits, params TraceEvent[] events)
    {
        var written = new ArrayBufferWriter<byte>();
        using var writer = new PerfettoTraceWriter(written, limits);
        writer.Begin();
        foreach (var traced in events)
        {
            writer.Write(traced);
        }

        writer.End();
        return await PerfettoTrace.ReadAsync(written.WrittenSpan.ToArray());
    }

    private static async Task<PerfettoTrace> WriteAsync(params TraceEvent[] events) =>
        await PerfettoTrace.ReadAsync(await ExportAsync(TraceExportFormat.Perfetto, events));

    private static long Us(ulong timeNs) => ((long)timeNs - StartNs) / 1000;

    private static IEnumerable<string> Shown(PerfettoTrace trace) => trace.Events
        .Select(e => e.Type == Counter
            ? $"{Us(e.TimeNs)} {e.Track}={e.Value}"
            : $"{Us(e.TimeNs)}{(e.Type == Instant ? "" : $"-{Us(e.EndNs)}")} {e.Track}: {e.Name}({e.Arguments}) {string.Join(',', e.Flows)}".TrimEnd())
        .Order(StringComparer.Ordinal);
}
