using System.Globalization;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>A benchmark's figures with their units: three digits that count, so that two of them can be compared by eye.</summary>
internal static class IoText
{
    private const double NsPerUs = 1e3;
    private const double NsPerMs = 1e6;
    private const double NsPerSecond = 1e9;

    /// <summary>Requests a second.</summary>
    public static string Rate(double value) => value >= 99.5 || value == 0 ? Figures.Count((long)Math.Round(value)) : Digits(value);

    public static string BytesPerSecond(double value) => Figures.Bytes((long)Math.Round(value)) + "/s";

    public static string Latency(double ns) => ns switch
    {
        < NsPerUs => $"{ns:0} ns",
        < NsPerMs => $"{Digits(ns / NsPerUs)} µs",
        < NsPerSecond => $"{Digits(ns / NsPerMs)} ms",
        _ => $"{Digits(ns / NsPerSecond)} s",
    };

    /// <summary>As <see cref="ComparedFigure.Unit"/> says.</summary>
    public static string Of(string unit, double value) => unit switch
    {
        "ns" => Latency(value),
        "B/s" => BytesPerSecond(value),
        _ => Rate(value),
    };

    /// <summary>Such as <c>1.23 ms (1.01 to 2.16 ms)</c>; without an interval where there are too few repeats for one.</summary>
    public static string Of(MedianInterval? median, Func<double, string> text) => median switch
    {
        null => "–",
        { Low: not null } => $"{text(median.Median)} ({Interval(median, text)})",
        _ => text(median.Median),
    };

    /// <summary>Such as <c>1.01 to 2.16 ms</c>, or <c>511 µs to 2.16 ms</c>; nothing where there is none.</summary>
    public static string Interval(MedianInterval? median, Func<double, string> text)
    {
        if (median is not { Low: { } from, High: { } to })
        {
            return "";
        }

        var (low, high) = (text(from), text(to));
        var unit = UnitOf(high);
        return unit.Length > 0 && UnitOf(low) == unit ? $"{low[..^unit.Length]} to {high}" : $"{low} to {high}";
    }

    public static string Figure(string name) => name switch
    {
        "iops" => "Requests a second",
        "bytesPerSecond" => "Bytes a second",
        "readLatencyMean" => "Read latency, mean",
        "readLatencyP50" => "Read latency, p50",
        "readLatencyP95" => "Read latency, p95",
        "readLatencyP99" => "Read latency, p99",
        "writeLatencyMean" => "Write latency, mean",
        "writeLatencyP50" => "Write latency, p50",
        "writeLatencyP95" => "Write latency, p95",
        "writeLatencyP99" => "Write latency, p99",
        _ => name,
    };

    public static string Probability(double p) => p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan duration) =>
        duration.TotalSeconds < 120 ? $"{duration.TotalSeconds:0} s"
        : duration.Seconds == 0 ? $"{(int)duration.TotalMinutes} min"
        : $"{(int)duration.TotalMinutes} min {duration.Seconds} s";

    public static string Target(IoTarget target) => target == IoTarget.File ? "a file" : "the disk itself";

    public static string State(OperationState state) => state == OperationState.Succeeded ? "done" : state.ToString().ToLowerInvariant();

    /// <summary>What the user calls the run, else what it measured.</summary>
    public static string Name(IoBenchmark run) => run.Label.Length > 0 ? run.Label : $"{run.Profile} on {run.Device}";

    /// <summary>For an axis: a round number is written as one.</summary>
    public static string Short(string text) => text.Replace(".00 ", " ", StringComparison.Ordinal).Replace(".0 ", " ", StringComparison.Ordinal);

    /// <summary>With the space before it, which is not the one between a number's digits.</summary>
    private static string UnitOf(string text) => text.LastIndexOf(' ') is >= 0 and var space ? text[space..] : "";

    private static string Digits(double value) => value.ToString(value >= 99.5 ? "0" : value >= 9.95 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
