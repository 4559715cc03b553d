using LabNet.Core.TraceEvents;
using LabNet.Core.Workbench;
using LabNet.Tests.PciModels;

namespace LabNet.Tests.Workbench;

/// <summary>What is known of registers by the accesses that a device traced.</summary>
[Trait("suite", "unit")]
public sealed class RegisterValuesTests
{
    private readonly RegisterValues _values = new(SampleModel.Model);

    [Fact]
    public void The_last_access_counts_whether_it_read_or_wrote()
    {
        Assert.All(_values.Rows, row => Assert.Equal((null, 0L, 0L), (row.Value, row.SeenNs, row.Accesses)));
        Take(1, SampleAccesses.Access("read", 8, 4, 0), SampleAccesses.Access("write", 8, 4, 0xcafe), SampleAccesses.Access("read", 0, 4, 0x31454e4c));
        Assert.Equal((0xcafeUL, true, 2L, 1_000_002_000L), Told("SCRATCH"));
        Assert.Equal((0x31454e4cUL, false, 1L, 1_000_003_000L), Told("ID"));
        Assert.Equal((null, false, 0L, 0L), Told("STATUS"));
        Assert.Equal(3, _values.LastSequence);
    }

    [Fact]
    public void An_access_to_several_registers_is_one_to_each_and_one_to_a_part_says_no_value()
    {
        Take(1, SampleAccesses.Access("write", 8, 8, 0x0000_0021_0000_cafe), SampleAccesses.Access("read", 9, 1, 0x12), SampleAccesses.Access("read", 0x18, 8, 0xfedc_ba98_7654_3210), SampleAccesses.Access("write", 0x1c, 4, 1));
        Assert.Equal((0xcafeUL, true, 2L, 1_000_002_000L), Told("SCRATCH"));
        Assert.Equal((0x21UL, true, 1L, 1_000_001_000L), Told("STATUS"));
        Assert.Equal((0xfedc_ba98_7654_3210UL, false, 2L, 1_000_004_000L), Told("COUNTER"));
    }

    [Fact]
    public void What_was_taken_already_is_not_counted_again()
    {
        Take(1, SampleAccesses.Access("read", 0, 4, 1), SampleAccesses.Access("read", 0, 4, 2));
        Take(2, SampleAccesses.Access("read", 0, 4, 2), SampleAccesses.Access("read", 0, 4, 3));
        Assert.Equal((3UL, false, 3L), (Row("ID").Value, Row("ID").WasWritten, Row("ID").Accesses));
        Take(1);
        Assert.Equal(3, _values.LastSequence);
    }

    [Fact]
    public void A_reset_makes_the_values_unknown_and_keeps_the_counts()
    {
        Take(1, SampleAccesses.Access("write", 8, 4, 5), "labnet_reset device=s0");
        Assert.Equal((null, 1L), (Row("SCRATCH").Value, Row("SCRATCH").Accesses));
    }

    [Fact]
    public void Accesses_to_other_places_and_other_events_change_no_register()
    {
        Take(1, SampleAccesses.Access("read", 8, 4, 1, "BAR2"), SampleAccesses.Access("read", 0x800, 4, 1), SampleAccesses.Access("read", 8, 4, 1, "config"), "labnet_irq_raise device=s0 cause=1 how=msi vector=1", "a warning");
        Assert.All(_values.Rows, row => Assert.Equal(0, row.Accesses));
        Assert.Equal(2, _values.Elsewhere);
    }

    [Fact]
    public void Sizes_that_no_processor_has_are_no_access()
    {
        Take(1, SampleAccesses.Access("read", 8, 0, 1), SampleAccesses.Access("read", 8, 9, 1), SampleAccesses.Access("write", long.MaxValue, 8, 1));
        Assert.All(_values.Rows, row => Assert.Equal(0, row.Accesses));
    }

    [Fact]
    public void Interrupts_and_DMA_are_requests_with_a_latency_each_by_its_device_and_number()
    {
        var events = SampleAccesses.Read(
            1,
            "labnet_dma_begin device=s0 dma=1 address=0x1000 bytes=4096 direction=to-device",
            "labnet_dma_begin device=s1 dma=1 address=0x1000 bytes=4096 direction=to-device",
            "labnet_irq_raise device=s0 cause=1 how=msi-x vector=1",
            "labnet_irq_raise device=s0 cause=2 how=msi-x vector=2",
            "labnet_dma_end device=s0 dma=1 status=0",
            "labnet_irq_ack device=s0 cause=2",
            "labnet_irq_ack device=s0 cause=1");
        Assert.Equal([4000L, 2000L, 4000L], events.Where(one => TracePair.EndsRequests(one.Type.Name)).Select(one => one.LatencyNs ?? -1));
        Assert.All(events, one => Assert.Equal(0, TraceDevice.ArgumentOf(one.Type)));
    }

    private (ulong? Value, bool WasWritten, long Accesses, long SeenNs) Told(string name) => Row(name) is var row ? (row.Value, row.WasWritten, row.Accesses, row.SeenNs) : default;

    private RegisterValue Row(string name) => _values.Rows.Single(row => row.Register.Name == name);

    private void Take(long first, params string[] texts) => _values.Take(SampleAccesses.Read(first, texts), isIncomplete: false);
}
