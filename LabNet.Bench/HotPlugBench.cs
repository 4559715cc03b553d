using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;

namespace LabNet.Bench;

/// <summary>
/// A disk plugged into a running guest: by LabNet's REST, until its operation has ended, and by bare QMP with a guest that is polled, after
/// LabNet was ended. Unplugging is not counted.
/// </summary>
internal static class HotPlugBench
{
    public const string Name = "hot-plug";
    public const string Measures = "a virtio disk plugged into both guests until they see it, by LabNet and by bare QMP (from the repository's root)";

    private const string Port = "rp1";
    private const string Disk = "d1";
    private const int SizeBytes = 16 * 1024 * 1024;

    private static readonly string[] Vms = ["x86", "arm"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    /// <summary>A guest that has just let go is still busy with it.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        await Task.Delay(TimeSpan.FromSeconds(20));
        var byLabNet = new Dictionary<string, List<double>>();
        foreach (var vm in Vms)
        {
            byLabNet[vm] = await MeasureLabNetAsync(lab, vm, arguments.Rounds);
        }

        await lab.EndLabNetAsync();
        foreach (var vm in Vms)
        {
            var bare = await MeasureBareAsync(lab, vm, arguments.Rounds);
            Console.WriteLine(
                $"{vm}: LabNet p50 {byLabNet[vm].Percentile(50):0.00} s ({Range(byLabNet[vm])}), bare p50 {bare.Percentile(50):0.00} s ({Range(bare)}), "
                + $"difference {byLabNet[vm].Percentile(50) - bare.Percentile(50):0.00} s (at most 0.3 s asked for)");
        }

        return 0;
    }

    private static string Range(List<double> times) => $"{times.Min():0.00} to {times.Max():0.00}";

    private static async Task<List<double>> MeasureLabNetAsync(BenchLab lab, string vm, int rounds)
    {
        using var client = new HttpClient { BaseAddress = BenchLab.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", lab.Token);
        List<double> times = [];
        for (var round = 1; round <= rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var begun = await client.PostAsJsonAsync($"/api/v1/vms/{vm}/devices", new { kind = "virtio-blk", id = Disk, sizeBytes = SizeBytes });
            begun.EnsureSuccessStatusCode();
            var id = (await begun.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("operation").GetString();
            string? state;
            do
            {
                await Task.Delay(Glance);
                state = (await client.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{id}")).GetProperty("state").GetString();
            }
            while (state == "running");
            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            (await client.DeleteAsync($"/api/v1/vms/{vm}/devices/{Disk}?deleteFile=true")).EnsureSuccessStatusCode();
            await Task.Delay(Rest);
        }

        return times;
    }

    private static async Task<List<double>> MeasureBareAsync(BenchLab lab, string vm, int rounds)
    {
        await using var qmp = await lab.ConnectAsync(vm);
        using var gone = new SemaphoreSlim(0);
        qmp.Start(said =>
        {
            if (said.Name == "DEVICE_DELETED" && said.Text("device") == Disk)
            {
                gone.Release();
            }
        });
        await using var agent = lab.OpenAgent(vm);
        var bus = (await qmp.ExecuteAsync(PciCommands.QueryPci, CancellationToken.None)).SelectMany(root => root.Devices)
            .First(function => function.QdevId == Port).PciBridge!.Bus.Secondary;
        var look = new GuestProgram("/bin/sh", ["-c", $"ls /sys/bus/pci/devices/0000:{bus:x2}:00.0/virtio*/block"]);
        List<double> times = [];
        for (var round = 1; round <= rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await PlugAsync(qmp);
            while ((await GuestPrograms.RunAsync(agent, look, TimeProvider.System, CancellationToken.None)).ExitCode != 0)
            {
                await Task.Delay(Glance);
            }

            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            await qmp.ExecuteAsync(DeviceCommands.DeviceDelete, new IdArguments(Disk), CancellationToken.None);
            await gone.WaitAsync();
            await qmp.ExecuteAsync(DeviceCommands.BlockdevDelete, new NodeNameArguments(Disk), CancellationToken.None);
            await Task.Delay(Rest);
        }

        return times;
    }

    /// <summary>Without a file: making one is not what is compared, and costs bare QMP nothing.</summary>
    private static async Task PlugAsync(QmpConnection qmp)
    {
        var disk = new BlockdevAddArguments("null-co", Disk) { Properties = Properties(("size", SizeBytes)) };
        await qmp.ExecuteAsync(DeviceCommands.BlockdevAdd, disk, CancellationToken.None);
        var device = new DeviceAddArguments("virtio-blk-pci", Disk, Port) { Properties = Properties(("drive", Disk), ("addr", "0")) };
        await qmp.ExecuteAsync(DeviceCommands.DeviceAdd, device, CancellationToken.None);
    }

    private static Dictionary<string, JsonElement> Properties(params ReadOnlySpan<(string Name, object Value)> properties)
    {
        var all = new Dictionary<string, JsonElement>();
        foreach (var (name, value) in properties)
        {
            all[name] = JsonSerializer.SerializeToElement(value);
        }

        return all;
    }
}
