using System.Diagnostics;
using LabNet.Core.Devices;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Bench;

/// <summary>
/// Machines of both architectures with 32 devices that were asked for, joined by their sockets: reading and joining the topology, walking
/// all of QEMU's objects with their values, and the Devices part of the page from the click to its last row.
/// </summary>
internal sealed class DevicesBench(string folder)
{
    public const string Name = "devices";
    public const string Measures = "32 devices: the topology read and joined, QEMU's objects walked, the page's tree drawn (from the repository's root)";

    private const int Devices = 32;
    private const int FirstSlot = 8;
    private const int FunctionsEach = 4;
    private static readonly (string Vm, string Architecture, string Machine)[] Vms = [("x86", "x86_64", "q35"), ("arm", "aarch64", "virt")];

    /// <summary>Nobody clicks away in the moment in which a part has come.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Resolves with the milliseconds from the click to the moment at which the last of the devices stands in the tree.</summary>
    private const string ClickAndWait = """
        last => new Promise(resolve => {
          const done = () => [...document.querySelectorAll('.devices th[scope=row]')].some(name => name.textContent.startsWith(last));
          const observer = new MutationObserver(() => { if (done()) { observer.disconnect(); resolve(performance.now() - started); } });
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
          const started = performance.now();
          [...document.querySelectorAll('nav.tabs a')].find(a => a.textContent === 'Devices').click();
        })
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var folder = Directory.CreateTempSubdirectory("lb-").FullName;
        var qemus = Vms.Select(vm => Start(folder, vm.Vm, vm.Architecture, vm.Machine)).ToList();
        try
        {
            while (!Vms.All(vm => File.Exists(SocketIn(folder, vm.Vm, "web")) && File.Exists(SocketIn(folder, vm.Vm, "core"))))
            {
                await Task.Delay(50);
            }

            var bench = new DevicesBench(folder);
            await bench.MeasureCoreAsync(arguments);
            await bench.MeasurePageAsync(arguments);
            return 0;
        }
        finally
        {
            foreach (var qemu in qemus)
            {
                qemu.Kill();
                await qemu.WaitForExitAsync();
                qemu.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process Start(string folder, string vm, string architecture, string machine)
    {
        // A real disk, so that the machine has what others have; the rest are many and small.
        List<string> arguments =
        [
            "-machine", machine, "-nodefaults", "-display", "none", "-S", "-m", "64M",
            "-qmp", $"unix:{SocketIn(folder, vm, "web")},server=on,wait=off", "-qmp", $"unix:{SocketIn(folder, vm, "core")},server=on,wait=off",
            "-blockdev", "null-co,node-name=n0", "-device", "virtio-blk-pci,drive=n0,id=d0",
            "-netdev", "user,id=u0", "-device", "virtio-net-pci,netdev=u0,id=e0",
        ];
        for (var number = 2; number < Devices; number++)
        {
            var (slot, function) = (FirstSlot + ((number - 2) / FunctionsEach), (number - 2) % FunctionsEach);
            var kind = function == 0 ? $"pcie-root-port,chassis={number}" : "virtio-rng-pci";
            arguments.AddRange(["-device", $"{kind},id=x{number:00},multifunction=on,addr={slot:x}.{function}"]);
        }

        return Process.Start(new ProcessStartInfo($"qemu-system-{architecture}", arguments))!;
    }

    private static string SocketIn(string folder, string vm, string client) => Path.Join(folder, $"{vm}-{client}.sock");

    private string LabText(string client) => "name: devices\nhosts:\n  here: { kind: namespace, address: 10.96.0.1 }\nvms:\n"
        + string.Concat(Vms.Select(vm => $"  {vm.Vm}: {{ host: here, arch: {vm.Architecture}, attach: {{ qmp: {SocketIn(folder, vm.Vm, client)} }} }}\n"));

    private async Task MeasureCoreAsync(BenchArguments arguments)
    {
        var lab = LabFile.Parse(LabText("core"), folder, new HashSet<ImageName>()).Lab!;
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddFeed()
            .AddStorage(folder)
            .AddHosts(new HostSettings(folder, Path.GetFullPath("infra"), "", "", Machine: null))
            .AddVms(lab)
            .AddDevices()
            .BuildServiceProvider();
        var vms = services.GetRequiredService<VmRegistry>();
        vms.Open();
        var devices = services.GetRequiredService<DeviceTopologyReader>();
        foreach (var (name, _, _) in Vms)
        {
            var vm = vms.Find(VmName.Parse(name))!;
            while (vm.State.RunState is null)
            {
                await Task.Delay(20);
            }

            List<double> topologies = [];
            List<double> walks = [];
            var (functions, objects, properties) = (0, 0, 0);
            for (var round = 0; round <= arguments.Rounds; round++)
            {
                var started = Stopwatch.GetTimestamp();
                var topology = await devices.ReadAsync(vm, CancellationToken.None);
                topologies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                functions = topology.All.Count(device => device.Pci is not null);
                started = Stopwatch.GetTimestamp();
                (objects, properties) = await WalkAsync(vm);
                walks.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Console.WriteLine($"{name}: topology of {functions} PCI functions, first {topologies[0]:0} ms, then p50 {topologies[1..].Percentile(50):0} ms, largest {topologies[1..].Max():0} ms");
            Console.WriteLine($"{name}: {objects} objects with {properties} properties walked, p50 {walks[1..].Percentile(50):0} ms, largest {walks[1..].Max():0} ms (at most 1000 ms asked for)");
        }
    }

    /// <summary>A level of the tree at a time, all of its objects together.</summary>
    private static async Task<(int Objects, int Properties)> WalkAsync(VmSession vm)
    {
        var (objects, properties) = (0, 0);
        for (List<string> level = ["/"]; level.Count > 0;)
        {
            var questions = level.Select(path => (Path: path, Question: QomCommands.List.With(new QomPathArguments(path)))).ToList();
            var replies = await vm.ReadAsync([.. questions.Select(one => one.Question)], CancellationToken.None);
            var told = questions.SelectMany(one => replies.Read(one.Question).Select(property => (one.Path, Property: property))).ToList();
            (objects, properties) = (objects + level.Count, properties + told.Count);
            level = [.. told.Where(one => one.Property.ChildType is not null).Select(one => $"{one.Path.TrimEnd('/')}/{one.Property.Name}")];
        }

        return (objects, properties);
    }

    private async Task MeasurePageAsync(BenchArguments arguments)
    {
        var labFile = Path.Join(folder, "devices.yaml");
        await File.WriteAllTextAsync(labFile, LabText("web"));
        await using var lab = await BenchLab.UpAsync(labFile);
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        foreach (var (vm, _, _) in Vms)
        {
            List<double> times = [];
            for (var round = 0; round <= arguments.Rounds; round++)
            {
                await browser.Page.GotoAsync($"/vms/{vm}");
                await browser.Page.GetByText("Live", new() { Exact = true }).WaitForAsync();
                await Task.Delay(Look);
                times.Add(await browser.Page.EvaluateAsync<double>(ClickAndWait, $"x{Devices - 1:00}"));
            }

            Console.WriteLine($"{vm}: from the click on Devices to the last of {Devices}, first {times[0]:0} ms, then p50 {times[1..].Percentile(50):0} ms, largest {times[1..].Max():0} ms (at most 300 ms asked for)");
        }
    }
}
