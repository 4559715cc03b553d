using System.Diagnostics;
using LabNet.Core.TraceEvents;

namespace LabNet.Bench;

/// <summary>From a log of trace events on a tmpfs to rows that a query finds: how many events a second of CPU time, and what one takes on the disk.</summary>
internal static class TraceStoreBench
{
    public const string Name = "trace-store";
    public const string Measures = "trace events from QEMU's log into ring.db: events per CPU second (2.5 million asked for), bytes an event (8 asked for); --rounds N";

    private const int EventsARound = 4_000_000;
    private const string Tmpfs = "/dev/shm";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var recorded = new RecordedTraceLog();
        var copies = EventsARound / recorded.EventsARound;
        var path = Path.Join(Tmpfs, Path.GetRandomFileName());
        try
        {
            List<double> rates = [], bytes = [];

            // The first round is the warm-up.
            for (var round = 0; round <= arguments.Rounds; round++)
            {
                await using var traces = new BenchTraces();
                await WriteLogAsync(path, recorded, copies, round);
                var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                await traces.TakeOverAsync(path);
                var (took, spent) = (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
                var newest = traces.Store.Read(new TraceQuery(BenchTraces.Vm, 1));
                if (newest is not [{ Sequence: var last }] || last != traces.Events || traces.Unparsed > 0)
                {
                    throw new InvalidOperationException($"{traces.Events} events were read, {traces.Unparsed} lines not understood, and the newest one found is {(newest is [var one] ? one.Sequence : 0)}.");
                }

                var stored = traces.Store.ReadExtent();
                Console.WriteLine($"{(round == 0 ? "warm-up" : $"round {round}"),-8} {traces.Events / spent / 1e6:0.00} million events a CPU second   {took:0.0} s   {(double)stored.SizeBytes / stored.Events:0.00} bytes an event");
                if (round > 0)
                {
                    rates.Add(traces.Events / spent);
                    bytes.Add((double)stored.SizeBytes / stored.Events);
                }
            }

            Console.WriteLine($"median {rates.Percentile(50) / 1e6:0.00} million events a CPU second (2.5 asked for), {bytes.Percentile(50):0.00} bytes an event (8 asked for)");
            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task WriteLogAsync(string path, RecordedTraceLog recorded, int copies, int round)
    {
        await using var log = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        var beginUs = DateTimeOffset.UnixEpoch.AddDays(20_000 + round).ToUnixTimeMilliseconds() * 1000;
        for (var copy = 0; copy < copies; copy++)
        {
            recorded.Write(log, copy, beginUs);
        }
    }
}
