using System.Diagnostics;
using LabNet.Core.Metrics;

namespace LabNet.Bench;

/// <summary>
/// 20,000 values a second on LabNet's own way into the metric store, through the end of a window, an hour and a day, with a reader beside it;
/// then a month of one VM: what it takes on the disk and how fast it is read.
/// </summary>
internal static class MetricStoreBench
{
    public const string Name = "metric-store";
    public const string Measures = "20,000 values a second into the metric store (--seconds 600), then the size of a month and queries of it";

    private const int ValuesPerSecond = 20_000;
    private const int StepsPerSecond = 10;
    private const int Vms = (ValuesPerSecond / SyntheticVm.Series) + 1;
    private const int VmsOfAMonth = 50;
    private const int Queries = 100;

    private static readonly DateTimeOffset Midnight = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await MeasureWriterAsync(arguments.Seconds);
        await MeasureMonthAsync();
        return 0;
    }

    private static async Task MeasureWriterAsync(double seconds)
    {
        await using var ring = new BenchRing();
        List<SyntheticVm> vms = [.. Enumerable.Range(0, Vms).Select(number => new SyntheticVm(number))];

        // Midnight comes after a quarter of the time: then a window of each level is over.
        var start = Midnight - TimeSpan.FromSeconds(seconds / 4);
        await ring.FillAsync(vms, start - TimeSpan.FromHours(25), start - TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(5));
        await ring.FillAsync(vms, start - TimeSpan.FromMinutes(10), start, TimeSpan.FromSeconds(5));
        ring.Clock.Now = start;

        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => ReadAsync(ring, stop.Token), CancellationToken.None);
        var depths = Task.Run(() => LookAtDepthAsync(ring, stop.Token), CancellationToken.None);
        var (began, cpu, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, ring.Store.ReadExtent());
        for (var step = 0; step < seconds * StepsPerSecond; step++)
        {
            foreach (var vm in vms.Where((_, place) => place % StepsPerSecond == step % StepsPerSecond))
            {
                ring.Feed.Publish(vm.Source, vm.Next(ring.Clock.GetUtcNow()));
            }

            var due = TimeSpan.FromSeconds((step + 1.0) / StepsPerSecond) - Stopwatch.GetElapsedTime(began);
            await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero);
        }

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await stop.CancelAsync();
        var (waits, reads, after) = (await depths, await reading, ring.Store.ReadExtent());
        Console.WriteLine($"{Vms * SyntheticVm.Series * seconds / took:0} values a second for {took:0} s, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds / took:P0} of a core with the reader and the making of values");
        Console.WriteLine($"until everything measured can be read   p50 {waits.Percentile(50):0} ms   p99 {waits.Percentile(99):0} ms   longest {waits.Max():0} ms (a second asked for); samples missed {ring.Recorder.Missed}");
        Console.WriteLine($"longest batch {ring.Health.LongestBatchMs:0} ms; segments {before.Segments} -> {after.Segments}, samples not in one {before.Samples} -> {after.Samples}");
        Console.WriteLine($"a reader's query of 12 series   p50 {reads.Percentile(50):0.0} ms   p99 {reads.Percentile(99):0.0} ms   of {reads.Count}");
    }

    private static async Task<List<double>> ReadAsync(BenchRing ring, CancellationToken stop)
    {
        TimeSpan[] ranges = [TimeSpan.FromMinutes(5), TimeSpan.FromHours(2), TimeSpan.FromDays(1)];
        List<double> times = [];
        while (!stop.IsCancellationRequested)
        {
            times.Add(Query(ring, $"vm{times.Count % Vms}", ranges[times.Count % ranges.Length]));
            await Task.Delay(50, CancellationToken.None);
        }

        return times;
    }

    /// <summary>How long it takes until what was published a moment ago is in the database: the writer's queue in milliseconds.</summary>
    private static async Task<List<double>> LookAtDepthAsync(BenchRing ring, CancellationToken stop)
    {
        List<double> times = [];
        while (!stop.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            await ring.Recorder.CatchUpAsync(CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(500, CancellationToken.None);
        }

        return times;
    }

    private static async Task MeasureMonthAsync()
    {
        await using var ring = new BenchRing();
        SyntheticVm[] vms = [new(0)];
        var began = Stopwatch.GetTimestamp();
        await ring.FillAsync(vms, Midnight - TimeSpan.FromDays(32), Midnight - TimeSpan.FromDays(1), TimeSpan.FromSeconds(10));
        await ring.FillAsync(vms, Midnight - TimeSpan.FromDays(1), Midnight, TimeSpan.FromSeconds(1));
        await ring.SettleAsync();
        var stored = ring.Store.ReadExtent();
        Console.WriteLine($"\na month of one VM of {SyntheticVm.Series} series, the last day every second, written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s:");
        Console.WriteLine($"{stored.SizeBytes / 1e6:0.0} MB kept, {ring.FileBytes / 1e6:0.0} MB of files; {VmsOfAMonth} such VMs: {stored.SizeBytes * VmsOfAMonth / 1e6:0} MB kept (2,000 MB asked for)");
        foreach (var (name, range) in ((string, TimeSpan)[])[("10 minutes", TimeSpan.FromMinutes(10)), ("a day", TimeSpan.FromDays(1)), ("a week", TimeSpan.FromDays(7)), ("a month", TimeSpan.FromDays(31))])
        {
            List<double> times = [.. Enumerable.Range(0, Queries).Select(_ => Query(ring, "vm0", range))];
            Console.WriteLine($"{name,-10} of 12 series   first {times[0],6:0.0} ms   then p50 {times[1..].Percentile(50),6:0.0} ms   p95 {times[1..].Percentile(95),6:0.0} ms (100 ms asked for of a month)");
        }
    }

    private static double Query(BenchRing ring, string vm, TimeSpan range)
    {
        var toNs = (ring.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        var began = Stopwatch.GetTimestamp();
        var series = ring.Store.Read(new MetricQuery(vm, SyntheticVm.TwelveSeries, toNs - (range.Ticks * TimeSpan.NanosecondsPerTick), toNs, 1000));
        return series.Count == 12 ? Stopwatch.GetElapsedTime(began).TotalMilliseconds : throw new InvalidOperationException($"{series.Count} series of {vm} instead of 12.");
    }
}
