using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// What LabNet's reading costs a guest whose block requests are traced: fio in a guest of one vCPU, with LabNet taking the log over and with QEMU
/// writing the same log to a file beside it that nobody reads; in the order A B B A, again and again. LabNet measures the VM and asks its guest in both.
/// </summary>
internal static class TraceCostBench
{
    public const string Name = "trace-cost";
    public const string Measures = "fio in a guest whose virtio_blk_* is traced, with LabNet reading its log and with nobody reading it (--rounds of A B B A, 10 asked for; from the repository's root)";

    private const string Vm = "box";
    private const string Pattern = "virtio_blk_*";
    private const int SecondsARun = 12;

    private const string LabFile = """
        name: trace-cost
        hosts:
          ares: { kind: namespace, address: 10.99.8.1 }
        vms:
          box: { host: ares, arch: x86_64, memory: 512M, cpus: 1, image: debian, share: workspace }
        """;

    /// <summary>Runs fio when a file asks for it, and leaves what it said beside it; LabNet may be stopped meanwhile.</summary>
    private const string Runner = """
        cd /mnt/workspace 2>/dev/null || cd "$(awk '$3 == "9p" { print $2; exit }' /proc/mounts)" || exit 1
        fio --name=made --filename=/root/f --size=64M --rw=write --bs=1M --direct=1 >/dev/null
        touch ready
        while [ ! -e end ]; do
          for asked in run-*; do
            [ -e "$asked" ] || continue
            rm "$asked"
            fio --name=r --filename=/root/f --size=64M --bs=4k --rw=randread --direct=1 --ioengine=libaio --iodepth=4 --time_based --runtime=SECONDS --output-format=json --output="/tmp/out"
            cp /tmp/out "out.part" && mv "out.part" "out-${asked#run-}"
          done
          sleep 0.1
        done
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var state = Directory.CreateTempSubdirectory("lb-").FullName;
        var labFile = Path.Join(state, "lab.yaml");
        await File.WriteAllTextAsync(labFile, LabFile);
        await using var lab = await BenchLab.UpInAsync(state, labFile);
        using var client = new HttpClient { BaseAddress = BenchLab.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        (await client.PutAsJsonAsync($"/api/v1/vms/{Vm}/trace-events", new[] { new { pattern = Pattern, enabled = true } })).EnsureSuccessStatusCode();
        await using var qmp = await lab.ConnectAsync(Vm);
        qmp.Start(static _ => { });
        var share = lab.Share("workspace");
        (await client.PostAsJsonAsync($"/api/v1/vms/{Vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", $"cat > /tmp/runner <<'END'\n{Runner.Replace("SECONDS", $"{SecondsARun}", StringComparison.Ordinal)}\nEND\nsetsid sh /tmp/runner >/dev/null 2>&1 &"] })).EnsureSuccessStatusCode();
        await UntilAsync(Path.Join(share, "ready"));

        var idle = await lab.CpuOverAsync(TimeSpan.FromSeconds(SecondsARun));
        List<double> ratios = [];
        var (spent, runs) = (0.0, 0);
        for (var round = 0; round < arguments.Rounds; round++)
        {
            var (a1, cpu1) = await RunWithAsync(lab, share, $"{round}a");
            var b1 = await RunUnreadAsync(lab, qmp, share, $"{round}b");
            var b2 = await RunUnreadAsync(lab, qmp, share, $"{round}c");
            var (a2, cpu2) = await RunWithAsync(lab, share, $"{round}d");
            ratios.Add((a1 + a2) / (b1 + b2));
            (spent, runs) = (spent + cpu1 + cpu2, runs + 2);
            Console.WriteLine($"round {round + 1}: read by LabNet {a1:0} and {a2:0} requests a second, by nobody {b1:0} and {b2:0}; ratio {ratios[^1]:0.000}");
        }

        await File.WriteAllTextAsync(Path.Join(share, "end"), "");
        var statistics = await client.GetFromJsonAsync<JsonElement>("/api/v1/trace/statistics");
        var events = statistics.EnumerateArray().Sum(one => one.GetProperty("count").GetInt64());
        var (mean, half) = (ratios.Average(), HalfWidth(ratios));
        Console.WriteLine($"fio read by LabNet is {mean:0.000} of fio read by nobody, 95 % of such rounds' means within ±{half:0.000} (0.95 asked for)");
        Console.WriteLine($"LabNet beside its idling {idle:P1} of a core: {(spent - (runs * SecondsARun * idle)) / events * 1e6:0.00} µs of CPU an event (2 asked for), of {events} events");
        return 0;
    }

    private static async Task<(double Iops, double CpuSeconds)> RunWithAsync(BenchLab lab, string share, string name)
    {
        var cpu = lab.ReadCpuTime();
        var iops = await RunAsync(share, name);
        return (iops, (lab.ReadCpuTime() - cpu).TotalSeconds);
    }

    private static async Task<double> RunUnreadAsync(BenchLab lab, QmpConnection qmp, string share, string name)
    {
        var unread = Path.Join(Path.GetDirectoryName(lab.TraceLog(Vm, 1))!, $"unread-{name}");
        var read = Directory.GetFiles(Path.GetDirectoryName(unread)!, "log.*").Max(StringComparer.Ordinal)!;
        await qmp.ExecuteAsync(HumanMonitorCommands.Execute, HumanMonitorLine.LogFile(unread), CancellationToken.None);
        try
        {
            return await RunAsync(share, name);
        }
        finally
        {
            // QEMU 7.2 appends; a newer one would truncate what LabNet has read already.
            await qmp.ExecuteAsync(HumanMonitorCommands.Execute, HumanMonitorLine.LogFile(read), CancellationToken.None);
            File.Delete(unread);
        }
    }

    private static async Task<double> RunAsync(string share, string name)
    {
        await File.WriteAllTextAsync(Path.Join(share, $"run-{name}"), "");
        await UntilAsync(Path.Join(share, $"out-{name}"));
        using var told = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Join(share, $"out-{name}")));
        return told.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("iops").GetDouble();
    }

    private static async Task UntilAsync(string path)
    {
        var began = Stopwatch.GetTimestamp();
        while (!File.Exists(path))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
            {
                throw new TimeoutException($"{path} did not come.");
            }
        }
    }

    /// <summary>Student's t for 95 %, about 2.26 for ten rounds.</summary>
    private static double HalfWidth(List<double> values)
    {
        const double T = 2.262;
        var mean = values.Average();
        return values.Count < 2 ? double.NaN : T * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
    }
}
