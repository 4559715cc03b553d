using LabNet.Core.IoBenchmarks;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>What a chart shows of each repeat.</summary>
/// <param name="Text">A value with its unit.</param>
/// <param name="UnitOf">What a round number is, for values up to this one: bytes are round in powers of 1024.</param>
public sealed record IoMeasure(string Title, Func<IoRepeat, double> Of, Func<double, string> Text, Func<double, double> UnitOf)
{
    private const double KiB = 1024;

    public static readonly IoMeasure Requests = new("Requests a second", repeat => repeat.Iops, IoText.Rate, _ => 1);

    public static readonly IoMeasure Throughput = new("Bytes a second", repeat => repeat.BytesPerSecond, IoText.BytesPerSecond, BinaryUnit);

    /// <summary>The one that decides whether two runs differ.</summary>
    public static IoMeasure Deciding(IoBenchmark run) => run.KnownProfile is { IsSequential: true } ? Throughput : Requests;

    public MedianInterval? MedianOf(IoBenchmark run) => run.Results.IsEmpty ? null : RankStatistics.IntervalOfMedian([.. run.Results.Select(Of)]);

    private static double BinaryUnit(double largest)
    {
        var unit = 1.0;
        while (largest / unit >= KiB)
        {
            unit *= KiB;
        }

        return unit;
    }
}
