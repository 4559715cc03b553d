using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// Snapshots of an idle guest: taken and restored by LabNet's REST, and in turns by QEMU's own savevm and loadvm. LabNet says how long QEMU's
/// part took, and how long it and the guest needed beside that.
/// </summary>
internal static class SnapshotsBench
{
    public const string Name = "snapshots";
    public const string Measures = "a snapshot of an idle guest, taken and restored by LabNet and by savevm and loadvm in turns (--rounds, 10 asked for; from the repository's root)";

    private static readonly QmpCommand<JsonElement, string> Monitor = new("human-monitor-command", QmpJson.Default.JsonElement, QmpJson.Default.String);

    /// <summary>Asked more often, LabNet and the asking would take a core from QEMU on one of the two sides.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    /// <summary>A guest that has just gone on is busy with what it missed.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        using var client = new HttpClient { BaseAddress = BenchLab.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        await Task.Delay(TimeSpan.FromSeconds(20));
        foreach (var vm in (string[])["x86", "arm"])
        {
            await RunAsync(vm, lab, client, arguments.Rounds);
        }

        return 0;
    }

    private static async Task RunAsync(string vm, BenchLab lab, HttpClient client, int rounds)
    {
        await using var qmp = await lab.ConnectAsync(vm);
        qmp.Start(static _ => { });
        List<double> saves = [], savesAll = [], savevm = [], loads = [], loadsAll = [], loadvm = [];
        for (var round = 0; round < rounds; round++)
        {
            var from = DateTimeOffset.UtcNow;
            savesAll.Add(await EndAsync(client, await client.PostAsJsonAsync($"/api/v1/vms/{vm}/snapshots", new { name = "bench" })));
            saves.Add(await ReadJobMsAsync(client, vm, "taken", from));
            await Task.Delay(Rest);
            from = DateTimeOffset.UtcNow;
            loadsAll.Add(await EndAsync(client, await client.PostAsJsonAsync($"/api/v1/vms/{vm}/snapshots/bench/restore", new { snapshotFirst = false })));
            loads.Add(await ReadJobMsAsync(client, vm, "restored", from));
            await Task.Delay(Rest);
            await EndAsync(client, await client.DeleteAsync($"/api/v1/vms/{vm}/snapshots/bench"));
            await Task.Delay(Rest);

            // QEMU's own way needs the guest without its shares too.
            await InGuestAsync(client, vm, "umount -a -t 9p");
            await Task.Delay(Rest);
            savevm.Add(await TimeAsync(qmp, "savevm bare"));
            await Task.Delay(Rest);
            loadvm.Add(await TimeAsync(qmp, "loadvm bare"));
            await Task.Delay(Rest);
            await TimeAsync(qmp, "delvm bare");
            await InGuestAsync(client, vm, "mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 workspace-shared /mnt");
            await Task.Delay(Rest);
        }

        Tell("save", saves, savevm, savesAll);
        Tell("restore", loads, loadvm, loadsAll);

        void Tell(string what, List<double> ours, List<double> bare, List<double> all) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{vm} {what}: QEMU's job by LabNet p50 {ours.Percentile(50):0} ms ({ours.Min():0} to {ours.Max():0}), bare p50 {bare.Percentile(50):0} ms ({bare.Min():0} to {bare.Max():0}), difference {ours.Percentile(50) - bare.Percentile(50):0} ms (at most 50 asked for); all steps p50 {all.Percentile(50):0} ms, longest {all.Max():0} ms (2,500 asked for)"));
    }

    private static async Task<double> TimeAsync(QmpConnection qmp, string line)
    {
        var arguments = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["command-line"] = line });
        var began = Stopwatch.GetTimestamp();
        var told = await qmp.ExecuteAsync(Monitor, arguments, CancellationToken.None);
        return told.Length == 0 ? Stopwatch.GetElapsedTime(began).TotalMilliseconds : throw new InvalidOperationException(told);
    }

    private static async Task<double> ReadJobMsAsync(HttpClient client, string vm, string name, DateTimeOffset from)
    {
        while (true)
        {
            // What QEMU's own way leaves behind is told too, at any time.
            var page = await client.GetFromJsonAsync<JsonElement>($"/api/v1/events?vm={vm}&kind=snapshot&from={from.UtcDateTime:O}&limit=20");
            var told = page.GetProperty("items").EnumerateArray().FirstOrDefault(item => item.GetProperty("name").GetString() == name);
            if (told.ValueKind == JsonValueKind.Object)
            {
                return told.GetProperty("data").GetProperty("jobMs").GetDouble();
            }

            await Task.Delay(Glance);
        }
    }

    private static async Task InGuestAsync(HttpClient client, string vm, string script)
    {
        var answer = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/guest/exec", new { path = "/bin/sh", args = (string[])["-c", script] });
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>How long it took, in milliseconds, by LabNet's own clock.</returns>
    private static async Task<double> EndAsync(HttpClient client, HttpResponseMessage begun)
    {
        begun.EnsureSuccessStatusCode();
        var id = (await begun.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("operation").GetString();
        JsonElement operation;
        do
        {
            await Task.Delay(Glance);
            operation = await client.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{id}");
        }
        while (operation.GetProperty("state").GetString() == "running");
        return operation.GetProperty("state").GetString() == "succeeded"
            ? (operation.GetProperty("endedAt").GetDateTimeOffset() - operation.GetProperty("startedAt").GetDateTimeOffset()).TotalMilliseconds
            : throw new InvalidOperationException(operation.ToString());
    }
}
