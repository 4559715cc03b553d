using LabNet.Core.Faults;

namespace LabNet.Tests.Faults.Plans;

[Trait("suite", "unit")]
public sealed class ChaosRandomTests
{
    /// <summary>Computed with another implementation of xoshiro256** and SplitMix64 (Python), so that a schedule kept today is the same in years.</summary>
    [Fact]
    public void The_same_seed_and_stream_give_the_same_numbers_for_good()
    {
        var random = new ChaosRandom(42, "pause-1/x86");
        Assert.All(Expected, number => Assert.Equal(number, random.NextUInt64()));
    }

    [Fact]
    public void Another_stream_and_another_seed_give_other_numbers()
    {
        ulong[] first = [new ChaosRandom(1, "a").NextUInt64(), new ChaosRandom(1, "b").NextUInt64(), new ChaosRandom(2, "a").NextUInt64()];
        Assert.Equal(3, first.Distinct().Count());
    }

    [Fact]
    public void Numbers_are_spread_evenly()
    {
        var random = new ChaosRandom(7, "spread");
        var counts = new int[10];
        for (var turn = 0; turn < 100_000; turn++)
        {
            counts[random.Next(counts.Length)]++;
        }

        // Five standard deviations of a fair die with ten sides.
        Assert.All(counts, count => Assert.InRange(count, 10_000 - 475, 10_000 + 475));
    }

    [Theory]
    [InlineData("5", DistributionUnit.Number, 5, 5)]
    [InlineData("250ms", DistributionUnit.Time, 250, 250)]
    [InlineData("1.5s", DistributionUnit.Time, 1500, 1500)]
    [InlineData("1s..2s", DistributionUnit.Time, 1000, 2000)]
    [InlineData(" 3..3 ", DistributionUnit.Number, 3, 3)]
    [InlineData("exponential(1m)", DistributionUnit.Time, 0, 1e12)]
    [InlineData("normal(10 100)", DistributionUnit.Number, 0, 1e12)]
    public void A_distribution_keeps_its_bounds(string text, DistributionUnit unit, double min, double max)
    {
        var distribution = Distribution.TryParse(text, unit, out var mistake);
        Assert.Null(mistake);
        var random = new ChaosRandom(1, text);
        Assert.All(Enumerable.Range(0, 10_000).Select(_ => distribution!.Sample(random)), sample => Assert.InRange(sample, min, max));
    }

    [Theory]
    [InlineData("exponential(10)", 10, 10)]
    [InlineData("normal(50 5)", 50, 5)]
    [InlineData("0..12", 6, 3.4641)]
    public void A_distribution_has_its_mean_and_its_deviation(string text, double mean, double deviation)
    {
        var random = new ChaosRandom(3, text);
        var distribution = Distribution.TryParse(text, DistributionUnit.Number, out _)!;
        var samples = Enumerable.Range(0, 100_000).Select(_ => distribution.Sample(random)).ToList();
        var average = samples.Average();
        Assert.Equal(mean, average, mean / 50);
        Assert.Equal(deviation, Math.Sqrt(samples.Average(sample => (sample - average) * (sample - average))), deviation / 50);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-5s")]
    [InlineData("5")]
    [InlineData("2s..1s")]
    [InlineData("1s..")]
    [InlineData("exponential(1s 2s)")]
    [InlineData("poisson(3s)")]
    [InlineData("normal(1s 2s")]
    [InlineData("1..5s")]
    [InlineData("5 s s")]
    public void What_is_no_time_is_told_with_what_is_allowed(string text)
    {
        Assert.Null(Distribution.TryParse(text, DistributionUnit.Time, out var mistake));
        Assert.NotEmpty(mistake!);
    }

    private static readonly ulong[] Expected = [9938922351842896554, 2129276863405839004, 835970439390315260, 15053242070039428977];
}
