using System.Globalization;
using System.Text;

namespace LabNet.Tests.TraceEvents;

/// <summary>A log as QEMU writes it, made up by a seed: requests that begin and end, register accesses, an event that nobody declared, and words.</summary>
internal sealed class RandomTraceLog(Random random)
{
    public const string Declarations =
        """
        virtio_blk_handle_read(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
        virtio_blk_handle_write(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
        virtio_blk_req_complete(void *vdev, void *req, int status) "vdev %p req %p status %d"
        memory_region_ops_read(int cpu_index, void *mr, uint64_t addr, uint64_t value, unsigned size, const char *name) "cpu %d mr %p addr 0x%"PRIx64" value 0x%"PRIx64" size %u name '%s'"
        nothing(void) ""
        """;

    private static readonly string[] Regions = ["serial", "ahci", "ioapic", "it's odd"];

    private readonly List<string> _open = [];

    /// <summary>Of the next line, microseconds since 1970.</summary>
    public long TimeUs { get; set; } = 1_795_000_000_000_000;

    public byte[] Lines(int count)
    {
        var text = new StringBuilder();
        for (; count > 0; count--)
        {
            // Bursts and rests; threads can stand a little out of order.
            TimeUs += random.Next(100) == 0 ? random.Next(2_000_000) : random.Next(-3, 300);
            text.Append(CultureInfo.InvariantCulture, $"{random.Next(100, 104)}@{TimeUs / 1_000_000}.{TimeUs % 1_000_000:000000}:").Append(Event()).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private string Event()
    {
        switch (random.Next(8))
        {
            case 0 or 1 when _open.Count < 20:
                _open.Add($"vdev 0x{random.Next(1, 3)}0 req 0x55e1{random.Next(0x1000):x4}0");
                return string.Create(CultureInfo.InvariantCulture, $"virtio_blk_handle_{(random.Next(2) == 0 ? "read" : "write")} {_open[^1]} sector {random.Next(1 << 20)} nsectors {8 * random.Next(1, 9)}");
            case 2 or 3 when _open.Count > 0:
                var req = _open[random.Next(_open.Count)];
                _open.Remove(req);
                return string.Create(CultureInfo.InvariantCulture, $"virtio_blk_req_complete {req} status {(random.Next(30) == 0 ? -5 : 0)}");
            case 4 or 5:
                return string.Create(CultureInfo.InvariantCulture, $"memory_region_ops_read cpu {random.Next(2)} mr 0x99 addr 0xfebc{random.Next(256):x4} value 0x{random.Next():x} size 4 name '{Regions[random.Next(Regions.Length)]}'");
            case 6:
                return "unheard_of x=" + random.Next(5).ToString(CultureInfo.InvariantCulture);
            default:
                return "nothing ";
        }
    }
}
