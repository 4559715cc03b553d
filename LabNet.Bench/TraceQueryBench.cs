using System.Diagnostics;
using LabNet.Core.TraceEvents;
using TraceFilter = LabNet.Core.TraceEvents.TraceFilter;

namespace LabNet.Bench;

/// <summary>A hundred million stored trace events: pictures of any range, with and without a filter, and looking for a few among them.</summary>
internal static class TraceQueryBench
{
    public const string Name = "trace-query";
    public const string Measures = "timelines and searches over 100 million stored trace events (--rounds: millions, 100 if left out)";

    private const int Bins = 1500;
    private const int Queries = 200;
    private const int Seed = 20_261_129;
    private const long NanosecondsPerMicrosecond = 1000;
    private const string Tmpfs = "/dev/shm";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        const int MillionsAtLeast = 10;
        var events = (arguments.Rounds >= MillionsAtLeast ? arguments.Rounds : 100) * 1_000_000L;
        await using var traces = new BenchTraces();
        var (fromNs, toNs) = await FillAsync(traces, events);
        await traces.SettleAsync();
        var stored = traces.Store.ReadExtent();
        Console.WriteLine($"{stored.Events / 1e6:0} million events over {(toNs - fromNs) / 1e9 / 60:0} minutes, {(double)stored.SizeBytes / stored.Events:0.00} bytes each, files {traces.FileBytes / 1e6:0} MB; seed {Seed}");
        Measure("timeline of any range, unfiltered (100 ms asked for)", fromNs, toNs, (from, to) => Picture(traces, from, to, filter: null));
        Measure("timeline of any range, by event name", fromNs, toNs, (from, to) => Picture(traces, from, to, Filter(traces, "event ~ virtio_blk_*")));
        Measure("filtered by argument: first bins (200 ms asked for)", fromNs, toNs, (from, to) => FirstPart(traces, from, to, Filter(traces, "latencyUs > 500")));
        Measure("statistics of any range", fromNs, toNs, (from, to) => traces.Store.ReadStatistics(new TraceTimelineQuery([BenchTraces.Vm], from, to, Bins), CancellationToken.None).Count);
        var search = Filter(traces, "event == virtio_blk_handle_write and sector >= 860000 and sector < 880000");
        var range = (toNs - fromNs) / 100;
        Measure("search in a hundredth of the time (200 ms asked for)", fromNs, toNs - range, (from, _) => traces.Store.Read(new TraceQuery(BenchTraces.Vm, int.MaxValue, from, from + range, search)).Count);
        return 0;
    }

    private static void Measure(string what, long fromNs, long toNs, Func<long, long, int> query)
    {
        var random = new Random(Seed);
        List<double> times = [];
        long found = 0;
        for (var number = 0; number < Queries; number++)
        {
            // As long as one likes, from all of it to a few milliseconds.
            var length = (long)((toNs - fromNs) * Math.Pow(10, -6 * random.NextDouble()));
            var from = random.NextInt64(fromNs, toNs - length + 1);
            var began = Stopwatch.GetTimestamp();
            found += query(from, from + length);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        Console.WriteLine($"{what,-56} p50 {times.Percentile(50),6:0.0} ms   p95 {times.Percentile(95),6:0.0} ms   longest {times.Max(),6:0.0} ms   found {found / Queries} on average");
    }

    private static int Picture(BenchTraces traces, long from, long to, TraceFilter? filter) =>
        traces.Store.ReadTimeline(Query(from, to, filter)).Sum(part => part.Tracks.Sum(track => track.Bin.Count));

    private static int FirstPart(BenchTraces traces, long from, long to, TraceFilter filter) => traces.Store.ReadTimeline(Query(from, to, filter)).First().Tracks.Count;

    private static TraceTimelineQuery Query(long from, long to, TraceFilter? filter) => new([BenchTraces.Vm], from, to, Bins, TraceTrackBy.Event, filter);

    private static TraceFilter Filter(BenchTraces traces, string text) =>
        TraceFilter.TryParse(text, traces.Catalogue, out var filter, out var mistake) ? filter : throw new InvalidOperationException(mistake.ToString());

    internal static async Task<(long FromNs, long ToNs)> FillAsync(BenchTraces traces, long events)
    {
        const int CopiesAtOnce = 50;
        var recorded = new RecordedTraceLog();
        var beginUs = DateTimeOffset.UnixEpoch.AddDays(20_000).ToUnixTimeMilliseconds() * 1000;
        var copies = (int)(events / recorded.EventsARound);
        var path = Path.Join(Tmpfs, Path.GetRandomFileName());
        try
        {
            for (var copy = 0; copy < copies;)
            {
                await using (var log = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
                {
                    for (var end = Math.Min(copy + CopiesAtOnce, copies); copy < end; copy++)
                    {
                        recorded.Write(log, copy, beginUs);
                    }
                }

                await traces.TakeOverAsync(path);
            }
        }
        finally
        {
            File.Delete(path);
        }

        return (beginUs * NanosecondsPerMicrosecond, recorded.UsOf(copies, beginUs) * NanosecondsPerMicrosecond);
    }
}
