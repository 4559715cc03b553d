namespace LabNet.Core.Metrics;

/// <summary>How finely and how long metrics are kept.</summary>
/// <param name="Number">As in <c>metric_segments</c>.</param>
/// <param name="BinNs">How wide a bin is; 0 for samples as they were taken.</param>
/// <param name="WindowNs">How much time a segment of the level holds.</param>
/// <param name="KeptNs">How long it is kept.</param>
internal sealed record MetricLevel(int Number, long BinNs, long WindowNs, long KeptNs)
{
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    public static readonly MetricLevel Samples = new(0, 0, 10 * Minute, Hour);
    public static readonly MetricLevel TenSeconds = new(1, 10 * Second, 10 * Minute, Day);
    public static readonly MetricLevel Minutes = new(2, Minute, Hour, 7 * Day);
    public static readonly MetricLevel TenMinutes = new(3, 10 * Minute, Day, 31 * Day);

    /// <summary>From the finest on.</summary>
    public static readonly IReadOnlyList<MetricLevel> All = [Samples, TenSeconds, Minutes, TenMinutes];

    /// <summary>Samples come once a second when nobody looks.</summary>
    private const long SampleNs = Second;

    /// <summary>The finest whose bins are not many more than are wanted.</summary>
    public static MetricLevel For(long rangeNs, int points) =>
        All.FirstOrDefault(level => rangeNs / Math.Max(level.BinNs, SampleNs) <= 2L * points) ?? TenMinutes;

    public long WindowOf(long timeNs) => timeNs - (((timeNs % WindowNs) + WindowNs) % WindowNs);

    public List<MetricBin> Roll(IEnumerable<MetricBin> bins) => BinNs == 0 ? [.. bins.OrderBy(bin => bin.TimeNs)] : MetricBin.Roll(bins, BinNs);
}
