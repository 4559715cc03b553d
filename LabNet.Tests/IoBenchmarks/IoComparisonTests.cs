using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class IoComparisonTests
{
    [Fact]
    public void A_difference_is_told_in_words_with_its_interval()
    {
        var comparison = IoComparison.Of(
            SampleRuns.With("before", 1000, 1010, 990, 1020, 980), SampleRuns.With("after", 1120, 1131, 1109, 1142, 1098));
        Assert.Equal("After is 12 % faster (between 8.7 and 15 %), 95 % sure.", comparison.Verdict);
        var latency = Assert.Single(comparison.Figures, figure => figure.Name == "readLatencyP99");
        Assert.Equal((IoFinding.Better, "ns"), (latency.Finding, latency.Unit));
        Assert.Equal("After waits 11 % shorter (between 8 and 13 %), 95 % sure.", latency.Verdict);
        Assert.Equal(["iops", "readLatencyMean", "readLatencyP50", "readLatencyP95", "readLatencyP99"], comparison.Figures.Select(figure => figure.Name));
        Assert.Equal((2 / 252.0, 1000, 1120), (comparison.Figures[0].P, comparison.Figures[0].A!.Median, comparison.Figures[0].B!.Median));
    }

    [Fact]
    public void The_other_way_round_it_is_slower_and_waits_longer()
    {
        var comparison = IoComparison.Of(
            SampleRuns.With("before", 1120, 1131, 1109, 1142, 1098), SampleRuns.With("after", 1000, 1010, 990, 1020, 980));
        Assert.Equal("After is 11 % slower (between 8 and 13 %), 95 % sure.", comparison.Verdict);
        Assert.Equal(IoFinding.Worse, comparison.Figures[0].Finding);
        Assert.Equal("After waits 12 % longer (between 8.7 and 15 %), 95 % sure.", comparison.Figures[^1].Verdict);
    }

    [Fact]
    public void Three_times_as_fast_is_told_so()
    {
        var comparison = IoComparison.Of(SampleRuns.With("", 100, 101, 102, 103), SampleRuns.With("", 300, 303, 306, 309));
        Assert.Equal("The second run is 3 times as fast (between 2.9 and 3.1), 95 % sure.", comparison.Verdict);
    }

    [Fact]
    public void Seven_runs_that_overlap_show_no_difference()
    {
        var a = SampleRuns.With("before", 1000, 1100, 900, 1050, 950, 1020, 980);
        Assert.Equal("No difference that these 7 runs can show.", IoComparison.Of(a, SampleRuns.With("after", 1010, 1090, 890, 1060, 940, 1030, 970)).Verdict);
        var fewer = IoComparison.Of(a, SampleRuns.With("after", 1010, 1090, 890, 1060, 940));
        Assert.Equal(("No difference that these 7 and 5 runs can show.", IoFinding.NoDifference), (fewer.Verdict, fewer.Figures[0].Finding));
        Assert.NotNull(fewer.Figures[0].Ratio);
    }

    [Fact]
    public void Too_few_repeats_are_told_with_how_many_are_needed()
    {
        var comparison = IoComparison.Of(SampleRuns.With("before", 1, 2, 3, 4), SampleRuns.With("after", 1000, 2000, 3000));
        Assert.Equal("Too few repeats to tell: 4 and 3; take 5 of each.", comparison.Verdict);
        Assert.All(comparison.Figures, figure => Assert.Equal((IoFinding.TooFewRepeats, null, null), (figure.Finding, figure.P, figure.Ratio)));
        Assert.Null(IoComparison.Of(SampleRuns.With("a"), SampleRuns.With("b")).Figures[0].A);
    }

    [Fact]
    public void A_disk_that_stood_still_has_no_ratio_and_is_slower_all_the_same()
    {
        var comparison = IoComparison.Of(SampleRuns.With("before", 100, 101, 102, 103, 104), SampleRuns.With("stuck", 0, 0, 0, 1, 2));
        Assert.Equal(("Stuck is slower, 95 % sure.", IoFinding.Worse), (comparison.Verdict, comparison.Figures[0].Finding));
    }

    [Fact]
    public void Equal_values_throughout_are_no_difference() =>
        Assert.Equal(IoFinding.NoDifference, IoComparison.Of(SampleRuns.With("a", 5, 5, 5, 5, 5), SampleRuns.With("b", 5, 5, 5, 5, 5)).Figures[0].Finding);

    [Fact]
    public void In_what_else_the_runs_differ_is_said_and_the_second_gets_a_name()
    {
        var a = SampleRuns.With("", 1000, 1010, 990, 1020, 980);
        var b = SampleRuns.With("", 2500, 2510, 2490, 2520, 2480) with { Device = "n1", DeviceType = "nvme", Accelerator = null, Seconds = 2, UnderLoad = true };
        var comparison = IoComparison.Of(a, b);
        Assert.Equal("n1 is 2.5 times as fast (between 2.5 and 2.6), 95 % sure.", comparison.Verdict);
        Assert.Equal(["device: vda, n1", "device type: virtio-blk-pci, nvme", "seconds: 1, 2", "beside it: no other fio, another fio", "accelerator: tcg, unknown"], comparison.Differences);
        Assert.StartsWith("arm is", IoComparison.Of(a, b with { Vm = VmName.Parse("arm") }).Verdict, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => IoComparison.Of(a, b with { Profile = "seq-read-1m" }));
    }

    [Fact]
    public void A_sequential_profile_is_decided_by_its_bytes_and_a_mixed_one_by_all_requests()
    {
        var sequential = SampleRuns.With("", 1, 2, 3, 4, 5) with { Profile = "seq-read-1m" };
        Assert.Equal(("bytesPerSecond", 3 * 4096.0), (IoComparison.Of(sequential, sequential).Figures[0].Name, IoComparison.Of(sequential, sequential).Figures[0].A!.Median));
        var mixed = SampleRuns.With("", 10, 20, 30, 40, 50) with { Profile = "mixed-70-30-4k" };
        mixed = mixed with { Results = [.. mixed.Results.Select(repeat => repeat with { Write = repeat.Read })] };
        var compared = IoComparison.Of(mixed, mixed).Figures;
        Assert.Equal(("iops", 60.0), (compared[0].Name, compared[0].A!.Median));
        Assert.Equal(9, compared.Length);
    }
}
