using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// Faults of all kinds that leave a guest alive, planned over REST for moments that are fixed before, on both VMs, while fio writes in them and
/// iperf3 sends from one to the other. How late each came into force and was lifted, against that schedule; and what is left in QEMU at the end.
/// </summary>
internal static class FaultsBench
{
    public const string Name = "faults";
    public const string Measures = "how late planned faults come and go against their schedule, on both guests under fio and iperf3 (from the repository's root; 600 seconds are asked for)";

    private const double AskedForMs = 50;
    private const double SilenceAskedForMs = 2000;
    private const int Seed = 8;
    private const string Load = "setsid fio --name=load --filename=/root/load --size=32M --rw=randrw --bs=4k --direct=1 --time_based --runtime=86400 >/dev/null 2>&1 &";

    private const string Receive = "setsid iperf3 --server >/dev/null 2>&1 &";

    /// <summary>Paced, so that it leaves the CPU to what is measured; again after each link that was taken away for too long.</summary>
    private const string Send = "setsid sh -c 'while sleep 1; do iperf3 --client 10.10.10.1 --bitrate 5M --time 86400; done' >/dev/null 2>&1 &";

    private static readonly string[] Vms = ["x86", "arm"];

    /// <summary>From one fault of a VM to the next.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        using var client = new HttpClient { BaseAddress = BenchLab.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        await Task.Delay(Rest);
        foreach (var (vm, load) in ((string, string)[])[("arm", Receive), ("arm", Load), ("x86", Load), ("x86", Send)])
        {
            (await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", load] })).EnsureSuccessStatusCode();
        }

        using var ended = new CancellationTokenSource();
        var asking = Vms.Select(vm => LongestSilenceAsync(lab, vm, ended.Token)).ToList();
        var planned = await Task.WhenAll(Vms.Select(vm => PlanAllAsync(client, vm, TimeSpan.FromSeconds(arguments.Seconds))));
        await ended.CancelAsync();
        var isGood = true;
        foreach (var (vm, ids, silence) in Vms.Zip(planned, await Task.WhenAll(asking)))
        {
            isGood &= await TellAsync(client, vm, ids, silence) & await IsCleanAsync(lab, vm);
        }

        return isGood ? 0 : 1;
    }

    private static async Task<IReadOnlyList<string>> PlanAllAsync(HttpClient client, string vm, TimeSpan time)
    {
        var random = new Random(Seed);
        var ids = new List<string>();
        var first = DateTimeOffset.UtcNow + Ahead + Ahead;
        for (var turn = 0; turn * Period < time; turn++)
        {
            var at = first + (turn * Period);
            if (at - Ahead - DateTimeOffset.UtcNow is { Ticks: > 0 } early)
            {
                await Task.Delay(early);
            }

            var fault = FaultOf(random, vm);
            fault["at"] = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
            fault["durationMs"] = random.Next(50, 700);
            var answer = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/faults", fault);
            var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
            ids.Add(answer.IsSuccessStatusCode ? told.GetProperty("id").GetString()! : throw new InvalidOperationException($"{vm}: {fault.ToJsonString()}: {told}"));
        }

        await Task.Delay(Ahead + Ahead);
        return ids;
    }

    private static JsonObject FaultOf(Random random, string vm) => random.Next(7) switch
    {
        0 => new JsonObject { ["kind"] = "pause" },
        1 => new JsonObject { ["kind"] = "vcpu-pause", ["vcpu"] = random.Next(2) },
        2 => new JsonObject { ["kind"] = "block-error", ["device"] = "vda", ["operation"] = "read", ["sector"] = 1 },
        3 => new JsonObject { ["kind"] = "block-throttle", ["device"] = "vda", ["iops"] = random.Next(20, 200) },
        4 => new JsonObject { ["kind"] = "block-latency", ["device"] = "vda", ["delayMs"] = random.Next(1, 50) },
        5 => new JsonObject { ["kind"] = "link-down", ["nic"] = vm == "x86" ? "eth1" : "eth0" },
        _ => new JsonObject { ["kind"] = "link-impair", ["nic"] = "eth1", ["delayMs"] = random.Next(1, 50) },
    };

    private static async Task<bool> TellAsync(HttpClient client, string vm, IReadOnlyList<string> ids, double silenceMs)
    {
        var (begun, lifted, bad) = (new List<double>(), new List<double>(), 0);
        var byKind = new SortedDictionary<string, (List<double> Begun, List<double> Lifted)>(StringComparer.Ordinal);
        foreach (var id in ids)
        {
            var fault = await client.GetFromJsonAsync<JsonElement>($"/api/v1/vms/{vm}/faults/{id}");
            if (fault.GetProperty("state").GetString() != "lifted" || fault.GetProperty("end").GetString() != "time")
            {
                Console.WriteLine($"{vm}: {fault}");
                bad++;
                continue;
            }

            begun.Add(MsBetween(fault, "plannedAt", "startedAt"));
            lifted.Add(MsBetween(fault, "endsAt", "liftedAt"));
            var kind = fault.GetProperty("kind").GetString()!;
            byKind.TryAdd(kind, ([], []));
            byKind[kind].Begun.Add(begun[^1]);
            byKind[kind].Lifted.Add(lifted[^1]);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{vm}: {ids.Count} faults, {bad} not lifted at their time; QMP silent for {silenceMs:0} ms at most ({SilenceAskedForMs:0} ms asked for)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  in force  p50 {begun.Percentile(50):0.0} ms, p95 {begun.Percentile(95):0.0} ms, latest {begun.Max():0.0} ms; p95 of {AskedForMs:0} ms asked for"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  lifted    p50 {lifted.Percentile(50):0.0} ms, p95 {lifted.Percentile(95):0.0} ms, latest {lifted.Max():0.0} ms"));
        foreach (var (kind, late) in byKind)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"    {kind,-15} {late.Begun.Count,4}  in force p50 {late.Begun.Percentile(50),6:0.0} ms p95 {late.Begun.Percentile(95),6:0.0} ms, lifted p50 {late.Lifted.Percentile(50),6:0.0} ms p95 {late.Lifted.Percentile(95),6:0.0} ms"));
        }

        return bad == 0 && begun.Percentile(95) <= AskedForMs && lifted.Percentile(95) <= AskedForMs && silenceMs <= SilenceAskedForMs;
    }

    private static double MsBetween(JsonElement fault, string from, string to) =>
        (fault.GetProperty(to).GetDateTimeOffset() - fault.GetProperty(from).GetDateTimeOffset()).TotalMilliseconds;

    /// <summary>Asks by a connection of its own, again and again, how long QEMU lets it wait.</summary>
    private static async Task<double> LongestSilenceAsync(BenchLab lab, string vm, CancellationToken cancellationToken)
    {
        await using var qmp = await lab.ConnectAsync(vm);
        qmp.Start(static _ => { });
        var longest = 0.0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            await qmp.ExecuteAsync(RunStateCommands.QueryStatus, CancellationToken.None);
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            await Task.Delay(Glance, CancellationToken.None);
        }

        return longest;
    }

    private static async Task<bool> IsCleanAsync(BenchLab lab, string vm)
    {
        await using var qmp = await lab.ConnectAsync(vm);
        qmp.Start(static _ => { });
        var nodes = await qmp.ExecuteAsync(BlockCommands.QueryNamedBlockNodes, CancellationToken.None);
        var objects = await qmp.ExecuteAsync(QomCommands.List, new QomPathArguments("/objects"), CancellationToken.None);
        var chardevs = await qmp.ExecuteAsync(MachineCommands.QueryChardev, CancellationToken.None);
        string[] left =
        [
            .. nodes.Select(node => node.NodeName).Concat(objects.Select(one => one.Name)).Where(name => name.StartsWith("labnet-f-", StringComparison.Ordinal)),
            .. chardevs.Select(one => one.Label).Where(label => label == "gdb"),
        ];
        Console.WriteLine($"  left in QEMU: {(left.Length == 0 ? "nothing" : string.Join(", ", left))}");
        return left.Length == 0;
    }
}
