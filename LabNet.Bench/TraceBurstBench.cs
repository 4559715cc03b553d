using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace LabNet.Bench;

/// <summary>
/// A minute of 200,000 trace events a second on top of two live VMs that do fio and are traced: recorded events are written into the logs of one of
/// them as its QEMU would, a new log three times a second.
/// </summary>
internal static class TraceBurstBench
{
    public const string Name = "trace-burst";
    public const string Measures = "200,000 trace events a second on top of two live VMs (--seconds, 60 asked for; from the repository's root)";

    private const int EventsPerSecond = 200_000;
    private const string Flooded = "x86", Traced = "arm";
    private const long FirstLog = 900_000;
    private const string Fio = "fio --name=made --filename=/root/f --size=64M --bs=4k --rw=randrw --direct=1 --time_based --runtime=SECONDS >/dev/null 2>&1 &";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        using var client = new HttpClient { BaseAddress = BenchLab.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        foreach (var vm in (string[])[Flooded, Traced])
        {
            // Those of the flooded VM would stand in a log that is read no more.
            object[] switches = vm == Traced ? [new { pattern = "virtio_blk_*", enabled = true }] : [];
            (await client.PutAsJsonAsync($"/api/v1/vms/{vm}/trace-events", switches)).EnsureSuccessStatusCode();
            var fio = Fio.Replace("SECONDS", $"{arguments.Seconds + 20}", StringComparison.Ordinal);
            (await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", fio] })).EnsureSuccessStatusCode();
        }

        await TakeOverAsync(lab);
        var (resident, cpu, began) = (lab.ReadResidentMB(), lab.ReadCpuTime(), DateTimeOffset.UtcNow);
        var (written, behind, most) = await FloodAsync(lab, client, arguments.Seconds);
        var took = (DateTimeOffset.UtcNow - began).TotalSeconds;
        Console.WriteLine($"{written} events in {took:0.0} s, {written / took:0} a second; LabNet took {(lab.ReadCpuTime() - cpu).TotalSeconds / took:P0} of a core, {resident:0} MB resident before and {most:0} MB at most");
        Console.WriteLine($"the oldest log that was not in the database: p50 {behind.Percentile(50):0} ms, longest {behind.Max():0} ms");

        var found = await UntilAsync(client, Flooded, written);
        var live = await CountAsync(client, Traced);
        var gaps = await client.GetFromJsonAsync<JsonElement>($"/api/v1/events?kind=gap&from={began.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}");
        Console.WriteLine($"found {found} of {written}; of {Traced}'s own {live}; gaps told: {gaps.GetProperty("items").GetArrayLength()}");
        return found == written ? 0 : 1;
    }

    /// <summary>LabNet turns to the benchmark's logs when it has given up waiting for QEMU to let go of its own.</summary>
    private static async Task TakeOverAsync(BenchLab lab)
    {
        var first = lab.TraceLog(Flooded, FirstLog - 1);
        await File.WriteAllTextAsync(first, "");
        while (Directory.GetFiles(Path.GetDirectoryName(first)!) is not [var only] || only != first)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    /// <returns>How many events, how old its oldest log is that is not in the database, each time in ms, and the most that it had resident.</returns>
    private static async Task<(long Events, List<double> BehindMs, double ResidentMB)> FloodAsync(BenchLab lab, HttpClient client, double seconds)
    {
        var recorded = new RecordedTraceLog();
        var (began, events, resident) = (Stopwatch.GetTimestamp(), 0L, 0.0);
        var unread = new Queue<(string Path, long At)>();
        List<double> behind = [];
        for (var log = FirstLog; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; log++)
        {
            var path = lab.TraceLog(Flooded, log);
            await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20))
            {
                recorded.Write(file, 0, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            }

            events += recorded.EventsARound;
            unread.Enqueue((path, Stopwatch.GetTimestamp()));
            while (unread.TryPeek(out var oldest) && !File.Exists(oldest.Path))
            {
                unread.Dequeue();
            }

            // The one that was written last is only removed when the next one is there.
            behind.Add(unread.Count > 1 ? Stopwatch.GetElapsedTime(unread.Peek().At).TotalMilliseconds : 0);
            resident = Math.Max(resident, lab.ReadResidentMB());
            var due = TimeSpan.FromSeconds((double)events / EventsPerSecond) - Stopwatch.GetElapsedTime(began);
            await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero);
        }

        return (events, behind, resident);
    }

    private static async Task<long> UntilAsync(HttpClient client, string vm, long count)
    {
        var (began, found) = (Stopwatch.GetTimestamp(), 0L);
        while (found < count && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            found = await CountAsync(client, vm);
        }

        return found;
    }

    private static async Task<long> CountAsync(HttpClient client, string vm)
    {
        var statistics = await client.GetFromJsonAsync<JsonElement>($"/api/v1/trace/statistics?vm={vm}");
        return statistics.EnumerateArray().Sum(one => one.GetProperty("count").GetInt64());
    }
}
