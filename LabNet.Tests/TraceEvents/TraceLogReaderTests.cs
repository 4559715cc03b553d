using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceLogReaderTests
{
    private const long Now = 5_000_000_000;

    private const string Declarations =
        """
        virtio_blk_handle_read(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
        virtio_blk_req_complete(void *vdev, void *req, int status) "vdev %p req %p status %d"
        memory_region_ops_read(int cpu_index, void *mr, uint64_t addr, uint64_t value, unsigned size, const char *name) "cpu %d mr %p addr 0x%"PRIx64" value 0x%"PRIx64" size %u name '%s'"
        nothing(void) ""
        """;

    private readonly TraceLogReader _reader = new(TraceCatalogue.Parse(Declarations));

    [Fact]
    public void An_event_with_thread_and_time_is_typed()
    {
        _reader.SetVcpus(new Dictionary<int, int> { [1997] = 1 });
        Assert.Equal(
            [
                "1795341921.017945000 1997/1 virtio_blk_handle_read vdev=0x10 req=0x20 sector=16074 nsectors=32",
                "1795341921.017946000 20148 virtio_blk_req_complete (1000 ns) vdev=0x10 req=0x20 status=-5",
                "1795341921.017947000 20148 nothing ",
            ],
            Read(
                "1997@1795341921.017945:virtio_blk_handle_read vdev 0x10 req 0x20 sector 16074 nsectors 32\n"
                + "20148@1795341921.017946:virtio_blk_req_complete vdev 0x10 req 0x20 status -5\n20148@1795341921.017947:nothing \n"));
        Assert.Equal((3, 0), (_reader.Events, _reader.Unparsed));
    }

    [Theory]
    [InlineData("virtio_blk_req_complete vdev 0x10 req (nil) status 0\n", "5.000000000 0 virtio_blk_req_complete vdev=0x10 req=0x0 status=0")]
    [InlineData("2025-01-02T03:04:05.678901Z virtio_blk_req_complete vdev 0x10 req 0x2 status 0\n", "1735787045.678901000 0 virtio_blk_req_complete vdev=0x10 req=0x2 status=0")]
    [InlineData("7@1.5:unheard_of with=0x1 words\n", "1.000005000 7 unheard_of text=with=0x1 words")]
    [InlineData("7@1.5:memory_region_ops_read cpu 0 mr 0x1 addr 0xfe value 0x4000 size 4 name 'it's a b'\n", "1.000005000 7 memory_region_ops_read cpu_index=0 mr=0x1 addr=0xfe value=0x4000 size=4 name=it's a b device= region= offset=0x0")]
    [InlineData("qemu-system-x86_64: warning: no such thing\n", "5.000000000 0 (unparsed) text=qemu-system-x86_64: warning: no such thing")]
    [InlineData("7@1.5:virtio_blk_req_complete vdev\n", "1.000005000 7 (unparsed) text=7@1.5:virtio_blk_req_complete vdev")]
    [InlineData("7@1:virtio_blk_req_complete vdev 0x10 req (nil) status 0\n", "5.000000000 0 (unparsed) text=7@1:virtio_blk_req_complete vdev 0x10 req (nil) status 0")]
    [InlineData("99999999999@1.5:nothing\n", "5.000000000 0 (unparsed) text=99999999999@1.5:nothing")]
    [InlineData("7@1.5:\n", "1.000005000 7 (unparsed) text=7@1.5:")]
    [InlineData("12\n", "5.000000000 0 (unparsed) text=12")]
    [InlineData("\n\n", null)]
    public void Each_form_of_line_is_kept(string line, string? expected) => Assert.Equal(expected is null ? [] : [expected], Read(line));

    [Fact]
    public void The_end_of_a_request_tells_how_long_it_took()
    {
        string Begin(int us, string req) => $"1@1.{us:000000}:virtio_blk_handle_read vdev 0x10 req {req} sector 0 nsectors 8\n";
        string End(int us, string req) => $"1@1.{us:000000}:virtio_blk_req_complete vdev 0x10 req {req} status 0\n";
        var shown = Read(
            End(1, "0x1") + Begin(2, "0x1") + Begin(3, "0x2") + End(5, "0x1") + End(6, "0x1") + Begin(10, "0x1") + Begin(20, "0x1") + End(27, "0x1")
            + Begin(30, "0x3") + End(29, "0x3"));
        Assert.Equal(
            ["", "(3000 ns)", "", "(7000 ns)", ""],
            shown.Where(line => line.Contains("req_complete", StringComparison.Ordinal)).Select(line => line.Contains('(', StringComparison.Ordinal) ? $"({line.Split('(', ')')[1]})" : ""));
        Assert.Equal(1, _reader.Pairing.Lost);
        _reader.Pairing.Reset();
        Assert.Equal(2, _reader.Pairing.Lost);
        Assert.DoesNotContain("ns)", Assert.Single(Read(End(40, "0x2"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_of_two_queues_that_share_a_key_get_no_latency_and_the_next_one_does()
    {
        const string Nvme =
            """
            pci_nvme_read(uint16_t cid, uint32_t nsid) "cid %"PRIu16" nsid %"PRIu32""
            pci_nvme_rw_cb(uint16_t cid, const char *blkname) "cid %"PRIu16" blk '%s'"
            """;
        string Begin(int us, int cid) => $"1@1.{us:000000}:pci_nvme_read cid {cid} nsid 1\n";
        string End(int us, int cid) => $"1@1.{us:000000}:pci_nvme_rw_cb cid {cid} blk 'd1'\n";
        var to = new TraceSegmentBuilder();
        var log = Encoding.UTF8.GetBytes(
            Begin(1, 7) + Begin(2, 7) + Begin(3, 8) + End(5, 8) + End(6, 7) + End(7, 7) + Begin(10, 7) + End(14, 7));
        Assert.Equal(log.Length, new TraceLogReader(TraceCatalogue.Parse(Nvme)).Read(log, Now, isEnd: true, to));
        var rows = to.Snapshot();
        Assert.Equal(
            [2000, null, null, 4000], Enumerable.Range(0, rows.Count).Where(row => rows.Types[rows.EventOf(row)].Name == "pci_nvme_rw_cb").Select(rows.LatencyNsOf));
    }

    [Fact]
    public void A_thread_is_a_vCPU_from_the_moment_it_is_known_as_one()
    {
        Assert.StartsWith("1.000001000 7 nothing", Assert.Single(Read("7@1.000001:nothing \n")), StringComparison.Ordinal);
        _reader.SetVcpus(new Dictionary<int, int> { [7] = 0 });
        Assert.StartsWith("1.000002000 7/0 nothing", Assert.Single(Read("7@1.000002:nothing \n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Wherever_a_piece_ends_the_same_is_read()
    {
        const string Log = "1@1.000001:nothing\n2@1.000002:virtio_blk_req_complete vdev 0x10 req 0x20 status 0\nwords\n3@1.000003:unheard_of x\n";
        var whole = Read(Log);
        for (var split = 0; split < Log.Length; split++)
        {
            Assert.Equal(whole, Read(Log[..split], Log[split..]));
        }
    }

    [Fact]
    public void A_torn_line_is_kept_at_the_end_and_read_anew_before_it()
    {
        Assert.Equal(["1.000001000 1 nothing "], Read("1@1.000001:nothing\n1@1.0"));
        var builder = new TraceSegmentBuilder();
        var torn = "1@1.0"u8;
        Assert.Equal(0, _reader.Read(torn, Now, isEnd: false, builder));
        Assert.Equal(torn.Length, _reader.Read(torn, Now, isEnd: true, builder));
        Assert.Equal(["5.000000000 0 (unparsed) text=1@1.0"], Shown(builder));
    }

    [Fact]
    public void A_line_of_a_megabyte_is_kept_once_and_cut_and_the_next_one_is_whole()
    {
        var pieces = Enumerable.Repeat(new string('x', 100_000), 10).Append("\n1@1.000001:nothing\n").ToArray();
        var shown = Read(pieces);
        Assert.Equal(2, shown.Count);
        Assert.Equal("5.000000000 0 (unparsed) text=" + new string('x', TraceTexts.TextBytesMax), shown[0]);
        Assert.Equal("1.000001000 1 nothing ", shown[1]);
    }

    [Fact]
    public void Random_bytes_are_kept_and_counted_and_harm_nothing()
    {
        var random = Seed.Print();
        for (var round = 0; round < 50; round++)
        {
            var bytes = new byte[random.Next(1, 20_000)];
            random.NextBytes(bytes);
            var builder = new TraceSegmentBuilder();
            Assert.Equal(bytes.Length, _reader.Read(bytes, Now, isEnd: true, builder));
            var lines = Encoding.Latin1.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
            Assert.Equal(lines, builder.Count);
            Assert.Equal(lines, lines == 0 ? 0 : Shown(builder).Count);
        }
    }

    [Fact]
    public void What_was_recorded_from_a_real_QEMU_is_all_understood()
    {
        var bytes = File.ReadAllBytes(Repository.At("LabNet.Tests/Recordings/7.2-x86_64/trace-virtio_blk-timestamp.txt"));
        var builder = new TraceSegmentBuilder();
        var reader = new TraceLogReader(TraceCatalogue.Parse(
            Declarations + "\nvirtio_blk_handle_write(void *vdev, void *req, uint64_t sector, size_t nsectors) \"vdev %p req %p sector %\"PRIu64\" nsectors %zu\""
            + "\nvirtio_blk_rw_complete(void *vdev, void *req, int ret) \"vdev %p req %p ret %d\""));
        Assert.Equal(bytes.Length, reader.Read(bytes, Now, isEnd: true, builder));
        Assert.Equal((bytes.Count(b => b == '\n'), 0), (reader.Events, reader.Unparsed));
    }

    private List<string> Read(params string[] pieces)
    {
        var builder = new TraceSegmentBuilder();
        byte[] rest = [];
        foreach (var piece in pieces)
        {
            rest = [.. rest, .. Encoding.UTF8.GetBytes(piece)];
            rest = rest[_reader.Read(rest, Now, isEnd: false, builder)..];
        }

        return builder.Count == 0 ? [] : Shown(builder);
    }

    private static List<string> Shown(TraceSegmentBuilder builder)
    {
        var rows = TraceRows.Read(builder.Build());
        return [.. Enumerable.Range(0, rows.Count).Select(row => Shown(rows, row))];
    }

    private static string Shown(TraceRows rows, int row)
    {
        var type = rows.Types[rows.EventOf(row)];
        var (seconds, nanoseconds) = Math.DivRem(rows.TimeNsOf(row), 1_000_000_000);
        var thread = rows.ThreadOf(row);
        var latency = rows.LatencyNsOf(row) is { } ns ? $"({ns} ns) " : "";
        return $"{seconds}.{nanoseconds:000000000} {thread.Id}{(thread.Vcpu is { } vcpu ? $"/{vcpu}" : "")} {type.Name} {latency}"
            + string.Join(' ', type.Arguments.Select((argument, number) => $"{argument.Name}={Shown(rows, argument.Kind, rows.ValueOf(row, number))}"));
    }

    private static string Shown(TraceRows rows, TraceValueKind kind, long value) => kind switch
    {
        TraceValueKind.Text => rows.TextOf(value),
        TraceValueKind.Hex => $"0x{value:x}",
        _ => $"{value}",
    };
}
