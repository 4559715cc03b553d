using System.Collections.Immutable;

namespace LabNet.Core.IoBenchmarks;

/// <summary>What two runs say about a figure.</summary>
public enum IoFinding
{
    /// <summary>No difference, however large, could show.</summary>
    TooFewRepeats,

    /// <summary>None that these repeats can show; there may be a small one.</summary>
    NoDifference,
    Better,
    Worse,
}

/// <summary>A figure of two runs, the second measured by the first.</summary>
/// <param name="Name"><c>iops</c>, <c>bytesPerSecond</c>, or a latency such as <c>readLatencyP99</c>.</param>
/// <param name="Unit"><c>1/s</c>, <c>B/s</c> or <c>ns</c>.</param>
/// <param name="A">Null of a run without repeats.</param>
/// <param name="P">How probable such a difference is if there is none.</param>
/// <param name="Shift">The second minus the first; null where there are too few repeats.</param>
/// <param name="Ratio">The second to the first; null also where something was zero.</param>
/// <param name="Verdict">A sentence.</param>
public sealed record ComparedFigure(
    string Name, string Unit, MedianInterval? A, MedianInterval? B, double? P, ShiftInterval? Shift, ShiftInterval? Ratio, IoFinding Finding, string Verdict);

/// <summary>Two runs of one profile.</summary>
/// <param name="Differences">In what else they differ than in what they measured, such as <c>device type: virtio-blk-pci, nvme</c>.</param>
/// <param name="Figures">The first one decides; each of the others is a test of its own.</param>
public sealed record IoComparison(IoBenchmark A, IoBenchmark B, ImmutableArray<string> Differences, ImmutableArray<ComparedFigure> Figures)
{
    public string Verdict => Figures[0].Verdict;

    /// <returns>Why they cannot be compared, whatever they have measured; null if they can.</returns>
    public static string? WhyNot(IoBenchmark a, IoBenchmark b) =>
        a.Profile != b.Profile ? $"Only runs of one profile can be compared, and a is of {a.Profile}, b of {b.Profile}."
        : a.KnownProfile is null ? $"This LabNet does not know the profile {a.Profile}, and cannot say what to compare."
        : null;

    /// <exception cref="ArgumentException">They do not measure the same.</exception>
    public static IoComparison Of(IoBenchmark a, IoBenchmark b)
    {
        if (WhyNot(a, b) is { } whyNot)
        {
            throw new ArgumentException(whyNot, nameof(b));
        }

        var words = new IoVerdict(a, b);
        return new IoComparison(a, b, [.. DifferencesOf(a, b)], [.. FiguresOf(a.KnownProfile!).Select(figure => Compare(figure, a, b, words))]);
    }

    private static ComparedFigure Compare(Figure figure, IoBenchmark runA, IoBenchmark runB, IoVerdict words)
    {
        double[] a = [.. runA.Results.Select(figure.Value)];
        double[] b = [.. runB.Results.Select(figure.Value)];
        MedianInterval? Middle(double[] values) => values.Length == 0 ? null : RankStatistics.IntervalOfMedian(values);
        if (!RankStatistics.CanDiffer(a.Length, b.Length))
        {
            return new ComparedFigure(figure.Name, figure.Unit, Middle(a), Middle(b), P: null, Shift: null, Ratio: null, IoFinding.TooFewRepeats, IoVerdict.TooFew(a.Length, b.Length));
        }

        var (p, shift, ratio) = (RankStatistics.MannWhitney(a, b), RankStatistics.Shift(a, b)!, RankStatistics.Ratio(a, b));

        // Where many values are equal, the test and the interval can differ: then there is a difference if both say so.
        var differs = p <= 1 - RankStatistics.Confidence && (shift.Low > 0 || shift.High < 0);
        var finding = !differs ? IoFinding.NoDifference : shift.Estimate > 0 == figure.MoreIsBetter ? IoFinding.Better : IoFinding.Worse;
        var verdict = differs ? words.Differs(figure.MoreIsBetter, shift, ratio) : IoVerdict.NoDifference(a.Length, b.Length);
        return new ComparedFigure(figure.Name, figure.Unit, Middle(a), Middle(b), p, shift, ratio, finding, verdict);
    }

    private static IEnumerable<Figure> FiguresOf(IoProfile profile)
    {
        yield return profile.IsSequential
            ? new Figure("bytesPerSecond", "B/s", MoreIsBetter: true, repeat => repeat.BytesPerSecond)
            : new Figure("iops", "1/s", MoreIsBetter: true, repeat => repeat.Iops);
        foreach (var figure in profile.Reads ? LatenciesOf("read", repeat => repeat.Read!) : [])
        {
            yield return figure;
        }

        foreach (var figure in profile.Writes ? LatenciesOf("write", repeat => repeat.Write!) : [])
        {
            yield return figure;
        }
    }

    private static Figure[] LatenciesOf(string side, Func<IoRepeat, IoFigures> figures) =>
    [
        new($"{side}LatencyMean", "ns", MoreIsBetter: false, repeat => figures(repeat).LatencyMeanNs),
        new($"{side}LatencyP50", "ns", MoreIsBetter: false, repeat => figures(repeat).P50Ns),
        new($"{side}LatencyP95", "ns", MoreIsBetter: false, repeat => figures(repeat).P95Ns),
        new($"{side}LatencyP99", "ns", MoreIsBetter: false, repeat => figures(repeat).P99Ns),
    ];

    private static IEnumerable<string> DifferencesOf(IoBenchmark a, IoBenchmark b) =>
        from pair in ((string Name, string A, string B)[])
        [
            ("VM", $"{a.Vm}", $"{b.Vm}"),
            ("device", a.Device, b.Device),
            ("device type", a.DeviceType, b.DeviceType),
            ("target", Lower(a.Target), Lower(b.Target)),
            ("seconds", $"{a.Seconds}", $"{b.Seconds}"),
            ("beside it", BesideIt(a), BesideIt(b)),
            ("engine", EngineOf(a), EngineOf(b)),
            ("accelerator", Lower(a.Accelerator), Lower(b.Accelerator)),
            ("QEMU", a.QemuVersion ?? "unknown", b.QemuVersion ?? "unknown"),
        ]
        where pair.A != pair.B
        select $"{pair.Name}: {pair.A}, {pair.B}";

    private static string BesideIt(IoBenchmark run) => run.UnderLoad ? "another fio" : "no other fio";

    private static string EngineOf(IoBenchmark run) => run.Results is [var first, ..] ? first.Engine : "unknown";

    private static string Lower<T>(T value) => value?.ToString()?.ToLowerInvariant() ?? "unknown";

    private sealed record Figure(string Name, string Unit, bool MoreIsBetter, Func<IoRepeat, double> Value);
}
