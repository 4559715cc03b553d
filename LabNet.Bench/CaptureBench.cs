using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace LabNet.Bench;

/// <summary>
/// What counting flows and capturing at both ends costs: a paced iperf3 between the two guests of the example lab, with both on and with both off, in
/// the order A B B A, again and again.
/// </summary>
internal static class CaptureBench
{
    public const string Name = "capture";
    public const string Measures = "a paced 150 Mbit/s of iperf3 between both guests, with flows and a capture at both ends and without (--rounds of A B B A, 7 asked for; from the repository's root)";

    private const string Link = "lab";
    private const string Server = "10.10.10.1";
    private const double PacedMbit = 150;

    /// <summary>A capture has no more; what is over is seen by its end.</summary>
    private const long CaptureBytes = 1L << 30;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        using var client = new HttpClient { BaseAddress = BenchLab.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        await InGuestAsync(client, "arm", "iperf3 -s -D");
        List<Run> with = [], without = [];
        List<double> ratios = [];
        for (var round = 1; round <= arguments.Rounds; round++)
        {
            var a1 = await RunAsync(lab, client, on: true, arguments.Seconds);
            var b1 = await RunAsync(lab, client, on: false, arguments.Seconds);
            var b2 = await RunAsync(lab, client, on: false, arguments.Seconds);
            var a2 = await RunAsync(lab, client, on: true, arguments.Seconds);
            with.AddRange([a1, a2]);
            without.AddRange([b1, b2]);
            ratios.Add((a1.Mbit + a2.Mbit) / (b1.Mbit + b2.Mbit));
            Console.WriteLine(Invariant($"round {round}: on {a1.Mbit:0.0} and {a2.Mbit:0.0} Mbit/s, off {b1.Mbit:0.0} and {b2.Mbit:0.0}; ratio {ratios[^1]:0.000}"));
        }

        var (mean, half) = (ratios.Average(), HalfWidth(ratios));
        Console.WriteLine(Invariant($"throughput on / off: {mean:0.000}, 95 % of such means within ±{half:0.000} ({arguments.Rounds} rounds)"));
        Console.WriteLine(Invariant($"CPU of both QEMUs: on {Mean(with, run => run.QemuCpu):0.00} of a core, off {Mean(without, run => run.QemuCpu):0.00}; of LabNet: on {Mean(with, run => run.LabNetCpu):0.00}, off {Mean(without, run => run.LabNetCpu):0.00}"));
        Console.WriteLine(Invariant($"captured {with.Sum(run => run.Packets)} packets, {with.Sum(run => run.Bytes) / 1e6:0} MB; times that packets were missed: {with.Sum(run => run.Gaps)}; flows evicted {await EvictedAsync(client)}"));
        return 0;
    }

    private static async Task<Run> RunAsync(BenchLab lab, HttpClient client, bool on, double seconds)
    {
        (await client.PutAsJsonAsync($"/api/v1/links/{Link}/flows", new { enabled = on })).EnsureSuccessStatusCode();
        await Task.Delay(TimeSpan.FromSeconds(2));
        var capture = on ? await StartCaptureAsync(client) : null;
        var (labNet, qemu, began) = (lab.ReadCpuTime(), ReadQemuCpu(lab), Stopwatch.GetTimestamp());
        var output = await InGuestAsync(client, "x86", Invariant($"iperf3 -c {Server} -b {PacedMbit}M -t {seconds:0} -J"));
        var elapsed = Stopwatch.GetElapsedTime(began);
        using var told = JsonDocument.Parse(output);
        var mbit = told.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e6;
        var run = new Run(mbit, (ReadQemuCpu(lab) - qemu) / elapsed, (lab.ReadCpuTime() - labNet) / elapsed, 0, 0, 0);
        return capture is null ? run : await EndCaptureAsync(client, capture, run);
    }

    private static async Task<string> StartCaptureAsync(HttpClient client)
    {
        var nics = new[] { new { vm = "x86", nic = "eth1" }, new { vm = "arm", nic = "eth1" } };
        var answer = await client.PostAsJsonAsync("/api/v1/captures", new { nics, maxBytes = CaptureBytes });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private static async Task<Run> EndCaptureAsync(HttpClient client, string id, Run run)
    {
        // The first deletion stops it, the second removes it.
        (await client.DeleteAsync($"/api/v1/captures/{id}")).EnsureSuccessStatusCode();
        var capture = await client.GetFromJsonAsync<JsonElement>($"/api/v1/captures/{id}");
        (await client.DeleteAsync($"/api/v1/captures/{id}")).EnsureSuccessStatusCode();
        return run with
        {
            Packets = capture.GetProperty("packets").GetInt64(),
            Bytes = capture.GetProperty("bytes").GetInt64(),
            Gaps = capture.GetProperty("nics").EnumerateArray().Sum(nic => nic.GetProperty("gaps").GetInt64()),
        };
    }

    private static async Task<long> EvictedAsync(HttpClient client)
    {
        var flows = await client.GetFromJsonAsync<JsonElement>($"/api/v1/links/{Link}/flows");
        return flows.GetProperty("evicted").GetInt64() + flows.GetProperty("gaps").GetInt64();
    }

    private static async Task<string> InGuestAsync(HttpClient client, string vm, string script)
    {
        var answer = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", script] });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("stdout").GetString()!;
    }

    private static TimeSpan ReadQemuCpu(BenchLab lab) => lab.ReadVmCpuTime("x86") + lab.ReadVmCpuTime("arm");

    /// <summary>Student's t for 95 %.</summary>
    private static double HalfWidth(List<double> values)
    {
        double[] t = [double.NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
        var (mean, freedom) = (values.Average(), values.Count - 1);
        return t[Math.Min(freedom, t.Length - 1)] * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / freedom / values.Count);
    }

    private static double Mean(List<Run> runs, Func<Run, double> of) => runs.Average(of);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <param name="QemuCpu">Of both VMs, in cores.</param>
    private sealed record Run(double Mbit, double QemuCpu, double LabNetCpu, long Packets, long Bytes, long Gaps);
}
