using System.Diagnostics;
using LabNet.Core.TraceEvents;

namespace LabNet.Bench;

/// <summary>
/// From a log of trace events on a tmpfs to rows that a query finds: how many events a second of CPU time, and what one takes on the disk. On demand
/// in turns with QEMU's own simpletrace.py, which prints the same events from their binary form.
/// </summary>
internal static class TraceStoreBench
{
    public const string Name = "trace-store";
    public const string Measures = "trace events from QEMU's log into ring.db: events per CPU second (2.5 million asked for), bytes an event (8 asked for); --rounds N; --simpletrace FILE: beside QEMU's simpletrace.py (15 × asked for)";

    private const int EventsARound = 4_000_000;

    /// <summary>As many as simpletrace.py prints in some ten seconds.</summary>
    private const int EventsARoundPrinted = 1_500_000;

    /// <summary>Of <see cref="EventsARound"/> each: LabNet runs for weeks, and is compiled in its first seconds.</summary>
    private const int WarmUpRounds = 2;

    private const string Tmpfs = "/dev/shm";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var recorded = new RecordedTraceLog();
        var warmUpCopies = EventsARound / recorded.EventsARound;
        var copies = arguments.Simpletrace is null ? warmUpCopies : EventsARoundPrinted / recorded.EventsARound;
        using var simpletrace = arguments.Simpletrace is { } script ? new Simpletrace(script, recorded, copies) : null;
        var path = Path.Join(Tmpfs, Path.GetRandomFileName());
        try
        {
            // One for all rounds, as LabNet has one.
            await using var traces = new BenchTraces();
            List<double> rates = [], bytes = [], printed = [], ratios = [], ratiosByClock = [];

            // simpletrace.py's warm-up is its check.
            await (simpletrace?.CheckAsync() ?? Task.CompletedTask);
            for (var round = 1 - WarmUpRounds; round <= arguments.Rounds; round++)
            {
                var isWarmUp = round < 1;
                var printing = isWarmUp || simpletrace is null ? default : await simpletrace.PrintAsync();
                await WriteLogAsync(path, recorded, isWarmUp ? warmUpCopies : copies, WarmUpRounds + round);
                var (events, spent, took, bytesAnEvent) = await StoreAsync(traces, path);
                Console.WriteLine($"{(isWarmUp ? "warm-up" : $"round {round}"),-8} {events / spent / 1e6:0.00} million events a CPU second   {took:0.0} s   {bytesAnEvent:0.00} bytes an event");
                if (isWarmUp)
                {
                    continue;
                }

                rates.Add(events / spent);
                bytes.Add(bytesAnEvent);
                if (simpletrace is not null)
                {
                    printed.Add(simpletrace.Events / printing.CpuSeconds);
                    ratios.Add(rates[^1] / printed[^1]);
                    ratiosByClock.Add(events / took / (simpletrace.Events / printing.Seconds));
                    Console.WriteLine($"         simpletrace.py {printed[^1]:0} events a CPU second   {printing.Seconds:0.0} s   LabNet's rate is {ratios[^1]:0.0} × that, by the clock {ratiosByClock[^1]:0.0} ×");
                }
            }

            Console.WriteLine($"median {rates.Percentile(50) / 1e6:0.00} million events a CPU second (2.5 asked for), {bytes.Percentile(50):0.00} bytes an event (8 asked for)");
            if (simpletrace is not null)
            {
                Console.WriteLine($"median of simpletrace.py {printed.Percentile(50):0} events a CPU second; LabNet's rate is {ratios.Percentile(50):0.0} × that (15 asked for), by the clock {ratiosByClock.Percentile(50):0.0} ×");
            }

            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<(long Events, double CpuSeconds, double Seconds, double BytesAnEvent)> StoreAsync(BenchTraces traces, string path)
    {
        var (before, storedBefore) = (traces.Events, traces.Store.ReadExtent());
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await traces.TakeOverAsync(path);
        var (took, spent) = (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        var newest = traces.Store.Read(new TraceQuery(BenchTraces.Vm, 1));
        if (newest is not [{ Sequence: var last }] || last != traces.Events || traces.Unparsed > 0)
        {
            throw new InvalidOperationException($"{traces.Events} events were read, {traces.Unparsed} lines not understood, and the newest one found is {(newest is [var one] ? one.Sequence : 0)}.");
        }

        var stored = traces.Store.ReadExtent();
        return (traces.Events - before, spent, took, (double)(stored.SizeBytes - storedBefore.SizeBytes) / (stored.Events - storedBefore.Events));
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
