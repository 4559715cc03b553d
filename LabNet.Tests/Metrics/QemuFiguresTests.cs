using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Metrics;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Metrics;

/// <summary>What becomes of QEMU's answers, reading by reading.</summary>
[Trait("suite", "unit")]
public sealed class QemuFiguresTests
{
    private const string Disk = "d0";

    private readonly ManualTimeProvider _time = new();
    private readonly SampleBuilder _sample;
    private readonly QemuFigures _figures;

    public QemuFiguresTests()
    {
        _sample = new SampleBuilder(_time);
        _figures = new QemuFigures(_sample);
    }

    [Fact]
    public void Failed_requests_of_every_kind_are_counted_and_latency_is_of_those_that_ended()
    {
        var disk = JsonNode.Parse(Recording.Return("7.2-x86_64", "query-blockstats"))!;
        Take(disk);
        _time.Advance(TimeSpan.FromSeconds(2));
        foreach (var (member, more) in ((string, long)[])[
            ("failed_rd_operations", 1), ("failed_wr_operations", 2), ("failed_flush_operations", 4), ("failed_unmap_operations", 8),
            ("rd_operations", 3), ("rd_total_time_ns", 6_000_000)])
        {
            disk[0]!["stats"]![member] = disk[0]!["stats"]![member]!.GetValue<long>() + more;
        }

        var sample = Take(disk);
        Assert.Equal(7.5, sample[new MetricKey(MetricCatalogue.BlockFailed, Disk)]);
        Assert.Equal(2_000_000, sample[new MetricKey(MetricCatalogue.BlockReadLatency, Disk)]);
        Assert.Equal(double.NaN, sample[new MetricKey(MetricCatalogue.BlockWriteLatency, Disk)]);
    }

    [Fact]
    public void What_the_balloon_driver_told_has_its_age_and_what_it_does_not_know_is_no_number()
    {
        var sample = TakeGuestMemory(
            """{"stats": {"stat-total-memory": 1000, "stat-free-memory": 0, "stat-available-memory": 18446744073709551615, "stat-major-faults": 5}, "last-update": 100}""",
            now: 137);
        Assert.Equal(37, sample[new MetricKey(MetricCatalogue.GuestMemoryAge)]);
        Assert.Equal((1000, 0), (sample[new MetricKey(MetricCatalogue.GuestMemory, "total")], sample[new MetricKey(MetricCatalogue.GuestMemory, "free")]));
        Assert.DoesNotContain(sample.Layout.Keys, key => key.LabelValue is "available" or "caches" or "minor");
        Assert.DoesNotContain("guest-memory", sample.Missing.Keys);
    }

    [Theory]
    [InlineData("""{"stats": {"stat-total-memory": 1000}, "last-update": 0}""", null, "The guest's balloon driver has told nothing yet.")]
    [InlineData(null, "No balloon device has been activated", "No balloon device has been activated")]
    public void Without_a_balloon_driver_there_is_a_reason_and_no_zero(string? told, string? refusal, string reason)
    {
        var sample = TakeGuestMemory(told, now: 5, refusal);
        Assert.Equal(reason, sample.Missing["guest-memory"]);
        Assert.DoesNotContain(sample.Layout.Keys, key => key.Definition == MetricCatalogue.GuestMemory || key.Definition == MetricCatalogue.GuestMemoryAge);
    }

    private MetricSample Take(JsonNode blocks) => Take(new QemuReading(
        Epoch: null, [], QmpValue.Read(Encoding.UTF8.GetBytes(blocks.ToJsonString()), BlockCommands.QueryBlockstats), _time.GetTimestamp()));

    private MetricSample TakeGuestMemory(string? told, long now, string? refusal = null) => Take(
        new QemuReading(Epoch: null, [], [], _time.GetTimestamp())
        {
            Full = new FullQemuReading(
                _time.GetTimestamp(),
                new StatusInfo(RunState.Running, Running: true),
                [],
                [],
                new MemorySizeSummary(1000),
                Balloon: null,
                told is null ? null : JsonElement.Parse(told),
                [],
                WhyNoPins: null,
                Kvm: null,
                refusal),
        },
        now);

    private MetricSample Take(QemuReading reading, long now = 0)
    {
        _sample.Begin();
        _figures.Write(reading, DateTimeOffset.FromUnixTimeSeconds(now));
        return _sample.Build(1);
    }
}
