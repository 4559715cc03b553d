using LabNet.Core.GuestAgent;
using LabNet.Core.Metrics;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Metrics;

[Trait("suite", "unit")]
public sealed class FigureTests
{
    private static readonly MetricKey Reads = new(MetricCatalogue.BlockReads, "vda");

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_rate_is_by_the_time_between_two_readings()
    {
        var rates = new RateBook(_time);
        Assert.Equal(double.NaN, rates.Rate(Reads, 100, _time.GetTimestamp()));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(25, rates.Rate(Reads, 150, _time.GetTimestamp()));
    }

    [Fact]
    public void A_counter_that_begins_anew_makes_no_rate_and_never_a_negative_one()
    {
        var rates = new RateBook(_time);
        rates.Rate(Reads, 1000, _time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(double.NaN, rates.Rate(Reads, 10, _time.GetTimestamp()));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, rates.Rate(Reads, 15, _time.GetTimestamp()));
        rates.Forget();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(double.NaN, rates.Rate(Reads, 1_000_000, _time.GetTimestamp()));
        Assert.Equal(double.NaN, rates.Rate(Reads, 2_000_000, _time.GetTimestamp()));
    }

    [Fact]
    public void Two_readings_right_after_each_other_make_one_rate_with_the_next()
    {
        var rates = new RateBook(_time);
        rates.Rate(Reads, 0, _time.GetTimestamp());
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal(double.NaN, rates.Rate(Reads, 10, _time.GetTimestamp()));
        _time.Advance(TimeSpan.FromMilliseconds(96));
        Assert.Equal(200, rates.Rate(Reads, 20, _time.GetTimestamp()), tolerance: 1e-6);
    }

    [Fact]
    public void A_sample_has_only_what_was_measured_and_keeps_its_places()
    {
        var builder = new SampleBuilder(_time);
        builder.Begin();
        builder.Gauge(new MetricKey(MetricCatalogue.GuestLoad), 0.5);
        builder.Counter(new MetricKey(MetricCatalogue.VcpuCpu, "0"), 1e9, _time.GetTimestamp());
        var first = builder.Build(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        builder.Begin();
        builder.Counter(new MetricKey(MetricCatalogue.VcpuCpu, "0"), 1.5e9, _time.GetTimestamp());
        builder.Gauge(new MetricKey(MetricCatalogue.ProcessMemory), double.NaN);
        var second = builder.Build(2);
        Assert.Same(first.Layout, second.Layout);
        Assert.Equal((0.5, double.NaN), (first[new(MetricCatalogue.GuestLoad)], second[new(MetricCatalogue.GuestLoad)]));
        Assert.Equal((double.NaN, 0.5), (first[new(MetricCatalogue.VcpuCpu, "0")], second[new(MetricCatalogue.VcpuCpu, "0")]));
        Assert.Equal([0.5, 1.5e9], second.Newest);
    }

    /// <summary>Prometheus comes each quarter of a minute; what the guest tells is in one sample of ten, or of a hundred.</summary>
    [Fact]
    public void The_newest_of_a_series_is_told_by_the_samples_that_follow_until_it_is_old_or_of_another_QEMU()
    {
        var builder = new SampleBuilder(_time);
        double[] expected = [1.5, 1.5, double.NaN, 2.5, double.NaN];
        var (taken, seconds) = ((double?[])[1.5, null, null, 2.5, null], (int[])[30, 1, 1, 1, 0]);
        for (var turn = 0; turn < expected.Length; turn++)
        {
            builder.Begin();
            if (taken[turn] is { } load)
            {
                builder.Gauge(new MetricKey(MetricCatalogue.GuestLoad), load);
            }

            if (turn == 4)
            {
                builder.Forget();
            }

            Assert.Equal(expected[turn], Assert.Single(builder.Build(turn).Newest));
            _time.Advance(TimeSpan.FromSeconds(seconds[turn]));
        }
    }

    [Fact]
    public void A_series_that_is_not_measured_for_a_minute_loses_its_place()
    {
        var builder = new SampleBuilder(_time);
        builder.Begin();
        builder.Gauge(new MetricKey(MetricCatalogue.GuestLoad), 1);
        builder.Gauge(new MetricKey(MetricCatalogue.GuestUptime), 1);
        builder.Build(1);
        _time.Advance(TimeSpan.FromSeconds(61));
        builder.Begin();
        builder.Gauge(new MetricKey(MetricCatalogue.GuestUptime), 62);
        var sample = builder.Build(2);
        Assert.Equal(["guest_uptime"], sample.Layout.Keys.Select(key => key.ToString()));
        Assert.Equal(62, sample.Values[0]);
    }

    [Theory]
    [InlineData(new long[] { 0, 0, 0 }, new long[] { 10, 0, 0 }, 9.9)]
    [InlineData(new long[] { 5, 5, 5 }, new long[] { 5, 105, 5 }, 19.9)]
    [InlineData(new long[] { 0, 0, 0 }, new long[] { 98, 0, 2 }, 20.0)]
    [InlineData(new long[] { 1, 1, 1 }, new long[] { 1, 1, 1 }, null)]
    [InlineData(new long[] { 9, 0, 0 }, new long[] { 1, 5, 0 }, null)]
    [InlineData(new long[] { 0, 0 }, new long[] { 1, 5, 0 }, null)]
    [InlineData(new long[] { }, new long[] { }, null)]
    public void The_slowest_hundredth_is_found_in_a_histogram(long[] before, long[] after, double? expected)
    {
        long[] boundaries = [10, 20];
        var found = LatencyQuantile.Of(new BlockLatencyHistogram(boundaries, before), new BlockLatencyHistogram(boundaries, after), 0.99);
        Assert.Equal(expected, found is { } ns ? Math.Round(ns, 6) : null);
    }

    [Theory]
    [InlineData("7.2-x86_64", 10)]
    [InlineData("10.0-x86_64", 1)]
    [InlineData("7.2-aarch64", 0)]
    [InlineData("10.0-aarch64", 0)]
    public void Interrupt_pins_are_read_from_what_real_QEMUs_printed(string recording, int atLeast)
    {
        var pins = InterruptPins.Parse(Recording.Text(recording, "x-query-irq")).ToList();
        Assert.InRange(pins.Count, atLeast, 256);
        Assert.Equal(pins.Count, pins.Select(pin => pin.Pin).Distinct().Count());
    }

    [Fact]
    public void Interrupt_pins_have_the_name_of_their_controller()
    {
        var pins = InterruptPins.Parse(Recording.Text("7.2-x86_64", "x-query-irq")).ToDictionary(pin => pin.Pin, pin => pin.Count);
        Assert.Equal((136, 3), (pins["ioapic 0"], pins["isa-i8259 12"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("IRQ statistics for x:\n a: b\n 1: -5\n 2:\n: 3 : 4\n")]
    [InlineData("1: 99999999999999999999999")]
    public void Text_that_is_no_statistics_has_no_pins_that_make_no_sense(string text) =>
        Assert.All(InterruptPins.Parse(text), pin => Assert.True(pin.Count >= 0));

    [Fact]
    public void Interrupts_are_called_by_their_device_and_told_apart_where_two_share_a_name()
    {
        var named = GuestFigures.Named(
        [
            new GuestInterrupt("24", "PCI-MSI 81920-edge virtio2-req.0", [5, 6]),
            new GuestInterrupt("25", "pciehp", [1, 0]),
            new GuestInterrupt("26", "pciehp", [2, 0]),
            new GuestInterrupt("LOC", "Local timer interrupts", [7, 8]),
            new GuestInterrupt("27", "", [1, 1]),
            new GuestInterrupt("28", "a\u0007b" + new string('x', 100), [1, 1]),
        ]);
        Assert.Equal(
            [("virtio2-req.0", 11L), ("pciehp (25)", 1L), ("pciehp (26)", 2L), ("LOC", 15L), ("IRQ 27", 2L), ("a\u0007b" + new string('x', 100), 2L)], named);
        Assert.Equal("a?b" + new string('x', 61), new MetricKey(MetricCatalogue.GuestInterrupts, "a\u0007b" + new string('x', 100)).LabelValue);
    }

    [Theory]
    [InlineData("some avg10=0.00 avg60=0.12 avg300=0.05 total=4158317\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", 4158317L)]
    [InlineData("full avg10=0.00 total=7\n", null)]
    [InlineData("some avg10=0.00 total=-7\n", null)]
    [InlineData("", null)]
    public void Pressure_is_the_time_that_some_waited(string text, long? expected) => Assert.Equal(expected, GuestPressure.SomeMicroseconds(text));

    [Fact]
    public void Every_metric_has_names_by_the_conventions_and_no_two_the_same()
    {
        Assert.Equal(MetricCatalogue.All.Count, MetricCatalogue.All.Select(metric => metric.Name).Distinct().Count());
        Assert.Equal(MetricCatalogue.All.Count, MetricCatalogue.All.Select(metric => metric.PrometheusName).Distinct().Count());
        Assert.All(MetricCatalogue.All, metric =>
        {
            Assert.Matches("^[a-z][a-z0-9_]*$", metric.Name);
            Assert.Matches("^labnet_[a-z][a-z0-9_]*$", metric.PrometheusName);
            Assert.Equal(metric.Kind == MetricKind.Counter, metric.PrometheusName.EndsWith("_total", StringComparison.Ordinal));
            Assert.EndsWith(".", metric.Help, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("vm_cpu{vcpu=0}", true)]
    [InlineData("guest_load", true)]
    [InlineData("guest_interrupts{irq=a}b}", true)]
    [InlineData("vm_cpu", false)]
    [InlineData("vm_cpu{node=0}", false)]
    [InlineData("guest_load{x=1}", false)]
    [InlineData("vm_cpu{vcpu=0", false)]
    [InlineData("nosuch", false)]
    [InlineData("vm_cpu{", false)]
    public void A_series_has_a_name_that_leads_back_to_it(string text, bool isOne)
    {
        Assert.Equal(isOne, MetricKey.TryParse(text, out var key));
        Assert.True(!isOne || key.ToString() == text);
    }
}
