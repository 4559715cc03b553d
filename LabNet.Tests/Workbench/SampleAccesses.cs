using System.Globalization;
using System.Text;
using LabNet.Core.Labs;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.Workbench;

/// <summary>Lines of a QEMU with a custom device, read as LabNet reads a VM's log.</summary>
internal static class SampleAccesses
{
    public const string Declarations =
        """
        labnet_reg_read(const char *device, const char *region, uint64_t offset, const char *reg, unsigned size, uint64_t value) "device=%s region=%s offset=0x%"PRIx64" register=%s size=%u value=0x%"PRIx64
        labnet_reg_write(const char *device, const char *region, uint64_t offset, const char *reg, unsigned size, uint64_t value) "device=%s region=%s offset=0x%"PRIx64" register=%s size=%u value=0x%"PRIx64
        labnet_irq_raise(const char *device, unsigned cause, const char *how, unsigned vector) "device=%s cause=%u how=%s vector=%u"
        labnet_irq_ack(const char *device, unsigned cause) "device=%s cause=%u"
        labnet_dma_begin(const char *device, uint32_t dma, uint64_t address, uint32_t bytes, const char *direction) "device=%s dma=%u address=0x%"PRIx64" bytes=%u direction=%s"
        labnet_dma_end(const char *device, uint32_t dma, uint32_t status) "device=%s dma=%u status=%u"
        labnet_reset(const char *device) "device=%s"
        """;

    public static TraceCatalogue Catalogue { get; } = TraceCatalogue.Parse(Declarations);

    /// <returns>Newest first, numbered from <paramref name="first"/>.</returns>
    public static IReadOnlyList<TraceEvent> Read(long first, params string[] texts)
    {
        if (texts.Length == 0)
        {
            return [];
        }

        var log = string.Concat(texts.Select((text, number) => string.Create(CultureInfo.InvariantCulture, $"4711@1.{number + 1:000000}:{text}\n")));
        var builder = new TraceSegmentBuilder();
        new TraceLogReader(Catalogue).Read(Encoding.UTF8.GetBytes(log), nowNs: 2_000_000_000, isEnd: true, builder);
        var rows = TraceRows.Read(builder.Build());
        var events = Enumerable.Range(0, rows.Count).Select(row => TraceEvent.Of(VmName.Parse("box"), rows, row));
        return [.. events.Select((one, number) => one with { Sequence = first + number }).Reverse()];
    }

    public static string Access(string how, long offset, int size, ulong value, string region = "BAR0", string device = "s0") =>
        $"labnet_reg_{how} device={device} region={region} offset=0x{offset:x} register=- size={size} value=0x{value:x}";
}
