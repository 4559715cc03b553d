using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Hosts;

namespace LabNet.Bench;

/// <summary>
/// Two emulated guests that have two links with each other, one by the kernel's VXLAN and one by LabNet's relay: iperf3 over the one and
/// the other in turns, each first as often as second. Only the ratio says something on a machine with other work.
/// </summary>
internal static class RelayBench
{
    public const string Name = "relay";
    public const string Measures = "iperf3 between both guests by the relay against VXLAN, and what the relay costs (from the repository's root, as root)";

    private const string Vm = "memory: 512M, cpus: 2, image: debian";
    private const string LabFile = $$"""
        name: relay-bench
        hosts:
          ares: { kind: namespace, address: 10.97.0.1 }
          zeus: { kind: namespace, address: 10.97.0.2 }
        links:
          kernel: { vni: 171, transport: vxlan }
          relayed: { vni: 172, transport: relay }
        vms:
          x86: { host: ares, arch: x86_64, {{Vm}}, nics: [ { link: kernel, address: 10.10.1.2/24 }, { link: relayed, address: 10.10.2.2/24 } ] }
          arm: { host: zeus, arch: aarch64, {{Vm}}, nics: [ { link: kernel, address: 10.10.1.1/24 }, { link: relayed, address: 10.10.2.1/24 } ] }
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var state = Directory.CreateTempSubdirectory("lb-").FullName;
        var file = Path.Join(state, "relay-bench.yaml");
        await File.WriteAllTextAsync(file, LabFile);
        await using var lab = await BenchLab.UpInAsync(state, file);
        using var client = new HttpClient { BaseAddress = BenchLab.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        await InGuestAsync(client, "arm", "iperf3 --server --daemon");

        List<double> kernel = [], relayed = [], cpu = [];
        for (var round = 0; round < arguments.Rounds; round++)
        {
            foreach (var byRelay in round % 2 == 0 ? (bool[])[false, true] : [true, false])
            {
                var before = RelayCpu(state);
                var mbits = await IperfAsync(client, byRelay ? "10.10.2.1" : "10.10.1.1", arguments.Seconds);
                (byRelay ? relayed : kernel).Add(mbits);
                if (byRelay)
                {
                    cpu.Add((RelayCpu(state) - before).TotalSeconds / arguments.Seconds * 100);
                }
            }

            Console.WriteLine($"round {round + 1}: VXLAN {kernel[^1]:0} Mbit/s, relay {relayed[^1]:0} Mbit/s");
        }

        var ratios = kernel.Zip(relayed, (by, other) => other / by).ToList();
        Console.WriteLine(
            $"p50 of {arguments.Rounds}: VXLAN {kernel.Percentile(50):0} Mbit/s, relay {relayed.Percentile(50):0} Mbit/s, "
            + $"ratio {ratios.Percentile(50):0.00} ({ratios.Min():0.00} to {ratios.Max():0.00}), relay's CPU {cpu.Percentile(50):0} % of one");
        return 0;
    }

    private static TimeSpan RelayCpu(string state) =>
        QemuProcess.ReadFrom(Path.Join(state, "current", "relay")) is { } relay && ProcessUsage.ReadCpuNs(relay.Pid) is { } ns ? TimeSpan.FromTicks(ns / 100) : TimeSpan.Zero;

    private static async Task<double> IperfAsync(HttpClient client, string address, double seconds)
    {
        var said = await InGuestAsync(client, "x86", string.Create(CultureInfo.InvariantCulture, $"iperf3 --client {address} --time {seconds:0} --json"));
        using var report = JsonDocument.Parse(said);
        return report.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e6;
    }

    private static async Task<string> InGuestAsync(HttpClient client, string vm, string command)
    {
        using var reply = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", command] });
        reply.EnsureSuccessStatusCode();
        using var result = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        return result.RootElement.GetProperty("stdout").GetString()!;
    }
}
