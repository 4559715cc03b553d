using LabNet.Core.IoBenchmarks;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Benchmark;

/// <summary>The guest's view and QEMU's of the same requests.</summary>
public sealed partial class HostBeside
{
    private static readonly Side[] Sides =
    [
        new("reads", repeat => repeat.Read, host => (host.ReadOperations, host.ReadBytes, host.ReadTimeNs)),
        new("writes", repeat => repeat.Write, host => (host.WriteOperations, host.WrittenBytes, host.WriteTimeNs)),
    ];

    [Parameter, EditorRequired]
    public IReadOnlyList<ShownRun> Runs { get; set; } = [];

    private IEnumerable<(ShownRun Run, Side Side)> Rows =>
        from shown in Runs from side in Sides where shown.Run.Results.Any(repeat => side.Fio(repeat) is not null) select (shown, side);

    private string Failures => Runs.SelectMany(shown => shown.Run.Results).Sum(repeat => repeat.Host?.FailedOperations ?? 0) is > 0 and var failed
        ? $" {Figures.Count(failed)} requests failed."
        : "";

    /// <summary>Over the repeats that have it; a dash where none has.</summary>
    private static string Median(ShownRun shown, Func<IoRepeat, double?> of, Func<double, string> text)
    {
        double[] values = [.. shown.Run.Results.Select(of).OfType<double>()];
        return values.Length == 0 ? "–" : text(RankStatistics.Median(values));
    }

    private sealed record Side(string Name, Func<IoRepeat, IoFigures?> Fio, Func<HostIo, (long Operations, long Bytes, long TimeNs)> Of)
    {
        public double? FioRate(IoRepeat repeat) => Fio(repeat)?.Iops;

        public double? FioBytes(IoRepeat repeat) => Fio(repeat)?.BytesPerSecond;

        public double? FioLatency(IoRepeat repeat) => Fio(repeat)?.LatencyMeanNs;

        public double? HostRate(IoRepeat repeat) => Host(repeat)?.Operations / Seconds(repeat);

        public double? HostBytes(IoRepeat repeat) => Host(repeat)?.Bytes / Seconds(repeat);

        public double? HostLatency(IoRepeat repeat) => Host(repeat) is { Operations: > 0 } host ? (double)host.TimeNs / host.Operations : null;

        private (long Operations, long Bytes, long TimeNs)? Host(IoRepeat repeat) => repeat.Host is { } host ? Of(host) : null;

        /// <summary>Null where the clock was set back.</summary>
        private static double? Seconds(IoRepeat repeat) => repeat.EndedAt > repeat.StartedAt ? (repeat.EndedAt - repeat.StartedAt).TotalSeconds : null;
    }
}
