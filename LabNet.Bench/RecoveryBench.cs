using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace LabNet.Bench;

/// <summary>
/// From kill -9 of QEMU until a program has run in the guest, which LabNet has restored from its last snapshot by itself, with the evidence kept.
/// The parts are LabNet's own, from the incident.
/// </summary>
internal static class RecoveryBench
{
    public const string Name = "recovery";
    public const string Measures = "kill -9 of both guests' QEMUs until a restored guest answers, with the evidence kept (from the repository's root)";

    private const double AskedForSeconds = 3;

    private static readonly string[] Vms = ["x86", "arm"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    /// <summary>A guest that has just booted, or was just restored, is still busy with it.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestAtFirst = TimeSpan.FromSeconds(20);

    private static readonly (string Title, string Member)[] Parts =
        [("noticed", "noticedMs"), ("evidence kept", "evidenceKeptMs"), ("runs", "runningMs"), ("agent answers", "answersMs")];

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        using var client = new HttpClient { BaseAddress = BenchLab.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        await Task.Delay(RestAtFirst);
        var isFast = true;
        foreach (var vm in Vms)
        {
            isFast &= await MeasureAsync(lab, client, vm, arguments.Rounds);
        }

        return isFast ? 0 : 1;
    }

    private static async Task<bool> MeasureAsync(BenchLab lab, HttpClient client, string vm, int rounds)
    {
        var taken = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/snapshots", new { name = "bench" });
        taken.EnsureSuccessStatusCode();
        var operation = (await taken.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("operation").GetString();
        while ((await client.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{operation}")).GetProperty("state").GetString() == "running")
        {
            await Task.Delay(Glance);
        }

        var (seconds, parts) = (new List<double>(), Parts.Select(_ => new List<double>()).ToList());
        for (var round = 0; round < rounds; round++)
        {
            // Setting it anew spares the waiting between one crash and the next.
            (await client.PutAsJsonAsync($"/api/v1/vms/{vm}/recovery", new { policy = "restore-last" })).EnsureSuccessStatusCode();
            await Task.Delay(Rest);
            var before = await NewestAsync(client, vm);
            var killed = Stopwatch.GetTimestamp();
            lab.KillVm(vm);
            await AnswersAsync(client, vm);
            seconds.Add(Stopwatch.GetElapsedTime(killed).TotalSeconds);
            var incident = await EndedAsync(client, vm, before);
            if (incident.GetProperty("outcome").GetString() != "recovered")
            {
                Console.WriteLine($"{vm}: {incident}");
                return false;
            }

            foreach (var (part, (_, member)) in parts.Zip(Parts))
            {
                part.Add(incident.GetProperty("times").GetProperty(member).GetDouble() / 1000);
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{vm}: {rounds} kills, a program has run in the restored guest after {seconds.Percentile(50):0.00} s (median), {seconds.Max():0.00} s (longest); under {AskedForSeconds:0} s asked for"));
        foreach (var (part, (title, _)) in parts.Zip(Parts))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {title,-14} after {part.Percentile(50):0.000} s (median), {part.Max():0.000} s (longest)"));
        }

        return seconds.Max() < AskedForSeconds;
    }

    /// <summary>Asks again and again: the guest that was killed cannot have answered.</summary>
    private static async Task AnswersAsync(HttpClient client, string vm)
    {
        while (true)
        {
            using var answer = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/true" });
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(Glance);
        }
    }

    private static async Task<string?> NewestAsync(HttpClient client, string vm) =>
        (await client.GetFromJsonAsync<JsonElement>($"/api/v1/incidents?vm={vm}")).EnumerateArray().Select(one => one.GetProperty("id").GetString()).FirstOrDefault();

    private static async Task<JsonElement> EndedAsync(HttpClient client, string vm, string? before)
    {
        while (true)
        {
            var newest = (await client.GetFromJsonAsync<JsonElement>($"/api/v1/incidents?vm={vm}")).EnumerateArray().FirstOrDefault();
            if (newest.ValueKind == JsonValueKind.Object && newest.GetProperty("id").GetString() != before && newest.GetProperty("outcome").GetString() != "recovering")
            {
                return newest;
            }

            await Task.Delay(Glance);
        }
    }
}
