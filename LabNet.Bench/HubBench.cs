using System.Diagnostics;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// Fifty clients of the hub while a QEMU tells a hundred events a second. First all of them read; then five stop reading, and read on at the
/// end.
/// </summary>
internal static class HubBench
{
    public const string Name = "hub";
    public const string Measures = "50 clients of the hub, 5 of them stalled: losses, delays, LabNet's memory (--seconds 120; from the repository's root)";

    private const int Healthy = 45;
    private const int Stalled = 5;

    /// <summary>LabNet compiles meanwhile what it runs often.</summary>
    private const double WarmUpSeconds = 20;

    /// <summary>Between a stop and a cont: a hundred events a second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>For what is still on its way.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        await using var qmp = await lab.ConnectAsync("x86");
        qmp.Start(static _ => { });
        Console.WriteLine("                events   lost   gaps   delay p50 / p99 ms   LabNet's memory MB");
        var all = await RunPhaseAsync(lab, qmp, arguments.Seconds, stalls: false);
        var some = await RunPhaseAsync(lab, qmp, arguments.Seconds, stalls: true);
        Console.WriteLine($"memory with five stalled: {some - all:+0.0;-0.0} MB (at most +20 MB asked for; p99 of the others at most 250 ms)");
        return 0;
    }

    private static async Task<double> RunPhaseAsync(BenchLab lab, QmpConnection qmp, double seconds, bool stalls)
    {
        List<HubClient> clients = [];
        for (var number = 0; number < Healthy + Stalled; number++)
        {
            clients.Add(await HubClient.WatchAsync(BenchLab.Address, lab.Token, everything: number >= Healthy));
        }

        var (healthy, others) = (clients[..Healthy], clients[Healthy..]);
        healthy.ForEach(client => client.Read());
        if (!stalls)
        {
            others.ForEach(client => client.Read());
        }

        await SendEventsAsync(lab, qmp, WarmUpSeconds);
        await Task.Delay(Settling);
        healthy.ForEach(client => client.Forget());
        var (sent, memory) = await SendEventsAsync(lab, qmp, seconds);
        await Task.Delay(Settling);
        Tell(stalls ? "45 of 50 read" : "all 50 read", sent, healthy, memory);
        if (stalls)
        {
            others.ForEach(client => client.Read());
            for (var look = 0; look < 30 && others.Exists(client => client.Gaps == 0); look++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
            }

            Console.WriteLine($"the five, reading on: {others.Count(client => client.Gaps > 0)} told of a gap, behind {others.Average(client => client.Bytes) / 1e6:0.0} MB each");
        }

        clients.ForEach(client => client.Dispose());
        return memory;
    }

    /// <returns>The highest memory of the last ten seconds.</returns>
    private static async Task<(int Sent, double MemoryMB)> SendEventsAsync(BenchLab lab, QmpConnection qmp, double seconds)
    {
        var (began, sent) = (Stopwatch.GetTimestamp(), 0);
        var memory = 0.0;
        while (Stopwatch.GetElapsedTime(began).TotalSeconds is var elapsed && elapsed < seconds)
        {
            await qmp.ExecuteAsync(RunStateCommands.Stop, CancellationToken.None);
            await qmp.ExecuteAsync(RunStateCommands.Cont, CancellationToken.None);
            sent += 2;
            memory = elapsed > seconds - 10 ? Math.Max(memory, lab.ReadResidentMB()) : 0;
            await Task.Delay(Pause);
        }

        return (sent, memory);
    }

    private static void Tell(string phase, int sent, List<HubClient> clients, double memory)
    {
        var delays = clients.SelectMany(client => client.DelaysMs).ToList();
        Console.WriteLine(
            $"{phase,-14} {sent,7} {clients.Sum(client => sent - client.DelaysMs.Count),6} {clients.Sum(client => client.Gaps),6} {delays.Percentile(50),11:0.0} / {delays.Percentile(99),5:0.0} {memory,20:0}");
    }
}
