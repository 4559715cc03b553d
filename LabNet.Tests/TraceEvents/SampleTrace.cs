using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>A catalogue and a few rows, each with something of its own.</summary>
internal static class SampleTrace
{
    public const string Declarations =
        """
        virtio_blk_handle_read(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
        virtio_blk_req_complete(void *vdev, void *req, int status) "vdev %p req %p status %d"
        memory_region_ops_read(int cpu_index, void *mr, uint64_t addr, uint64_t value, unsigned size, const char *name) "cpu %d mr %p addr 0x%"PRIx64" value 0x%"PRIx64" size %u name '%s'"
        slavio_set_timer_irq_cpu(int cpu, int level) "Set cpu %d local timer level %d"
        scsi_req_parsed(int target, int lun, int tag, int cmd, int mode, int xfer) "target %d lun %d tag %d command %d dir %d length %d"
        qmp_enter_x(const char *tag, bool in) "tag %s in %d"
        nothing(void) ""
        """;

    private const string Log =
        """
        1997@1.000001:virtio_blk_handle_read vdev 0x10 req 0x20 sector 2047 nsectors 8
        20148@1.000601:virtio_blk_req_complete vdev 0x10 req 0x20 status -5
        1996@1.000602:memory_region_ops_read cpu 0 mr 0x1 addr 0xfebc8134 value 0xffffffffffffffff size 4 name 'ahci'
        1996@1.000603:slavio_set_timer_irq_cpu Set cpu 3 local timer level -1
        20148@1.000604:scsi_req_parsed target 0 lun 1 tag 5 command 40 dir 1 length 512
        20148@1.000605:qmp_enter_x tag 5 in 1
        20148@1.000606:unheard_of with some words
        a warning of QEMU
        20148@1.000608:nothing 

        """;

    public static TraceCatalogue Catalogue { get; } = TraceCatalogue.Parse(Declarations);

    /// <summary>The log's lines. 1996 and 1997 are the vCPUs 0 and 1; row 1 ends the request that row 0 began, after 600 microseconds.</summary>
    public static TraceRows Rows { get; } = Read();

    public static TraceFilter Parse(string text) =>
        TraceFilter.TryParse(text, Catalogue, out var filter, out var mistake) ? filter : throw new InvalidOperationException($"{text}: {mistake}");

    public static TraceFilterMistake Mistake(string text, TraceCatalogue? catalogue = null)
    {
        Assert.False(TraceFilter.TryParse(text, catalogue ?? Catalogue, out var filter, out var mistake), text);
        Assert.Null(filter);
        return mistake;
    }

    /// <summary>The rows that are selected.</summary>
    public static IEnumerable<int> Select(TraceFilter filter, TraceRows rows)
    {
        var selected = new bool[rows.Count];

        // Whatever stood there before has to go.
        selected.AsSpan().Fill(true);
        filter.Select(rows, selected);
        return Enumerable.Range(0, rows.Count).Where(row => selected[row]);
    }

    private static TraceRows Read()
    {
        var reader = new TraceLogReader(Catalogue);
        reader.SetVcpus(new Dictionary<int, int> { [1996] = 0, [1997] = 1 });
        var builder = new TraceSegmentBuilder();
        reader.Read(Encoding.UTF8.GetBytes(Log), nowNs: 1_000_607_000, isEnd: true, builder);
        return TraceRows.Read(builder.Build());
    }
}
