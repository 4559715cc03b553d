using System.Diagnostics;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Bench;

/// <summary>
/// A hundred real QEMUs, adopted as LabNet adopts its own, measured once a second with everything behind it: sessions, feed, metric store and
/// history, but no web server. This process is the pump; what is told is its CPU time and memory, and how late the samples were.
/// </summary>
internal sealed class PumpBench(string folder)
{
    public const string Name = "pump";
    public const string Measures = "100 QEMUs measured once a second: the pump's CPU, memory and lateness (from the repository's root)";

    private const int Vms = 100;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        if (!File.Exists(Path.Join("infra", "vm-run.sh")))
        {
            await Console.Error.WriteLineAsync("Run this from the repository's root.");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("lb-").FullName;
        try
        {
            await new PumpBench(folder).MeasureAsync(arguments);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task MeasureAsync(BenchArguments arguments)
    {
        var vms = string.Join('\n', Enumerable.Range(0, Vms).Select(i => $"  v{i:00}: {{ host: here, arch: x86_64, memory: 64M, image: debian }}"));
        var lab = LabFile.Parse($"name: many\nhosts:\n  here: {{ kind: namespace, address: 10.98.0.1 }}\nvms:\n{vms}\n", folder, new HashSet<ImageName> { ImageName.Parse("debian") }).Lab!;
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddFeed()
            .AddStorage(folder)
            .AddHosts(new HostSettings(folder, Path.GetFullPath("infra"), "", "", Machine: null))
            .AddVms(lab)
            .AddHistory()
            .AddMetricsPump()
            .BuildServiceProvider();
        var host = services.GetRequiredService<Host>();
        var paths = lab.Vms.Select(vm => host.PathsOf(vm.Name)).ToList();
        try
        {
            paths.ForEach(Start);
            await Task.WhenAll(paths.Select(WaitForPidAsync));
            await MeasureAsync(services, arguments);
        }
        finally
        {
            paths.ForEach(path => QemuProcess.ReadFrom(path)?.Kill());
            await Task.WhenAll(paths.Select(path => host.ReadExitAsync(path, CancellationToken.None)));
        }
    }

    private static async Task MeasureAsync(IServiceProvider services, BenchArguments arguments)
    {
        services.GetRequiredService<EventRecorder>().Open();
        services.GetRequiredService<MetricRecorder>().Open();
        services.GetRequiredService<RingWriter>().Start();
        services.GetRequiredService<VmRegistry>().Open();
        var pump = services.GetRequiredService<MetricsPump>();
        pump.Start();
        await Task.Delay(Settling);
        Console.WriteLine("round   CPU % of a core   RSS MB   samples/s   sample p50 / p99 ms   late p99 / max ms   turns left out");
        using var self = Process.GetCurrentProcess();
        for (var round = 1; round <= arguments.Rounds; round++)
        {
            var (cpu, began, before) = (self.TotalProcessorTime, Stopwatch.GetTimestamp(), pump.Health);
            await Task.Delay(TimeSpan.FromSeconds(arguments.Seconds));
            self.Refresh();
            var (elapsed, health) = (Stopwatch.GetElapsedTime(began), pump.Health);
            Console.WriteLine(
                $"{round,5}   {(self.TotalProcessorTime - cpu) / elapsed * 100,15:0.0}   {self.WorkingSet64 / 1e6,6:0}   {(health.Samples - before.Samples) / elapsed.TotalSeconds,9:0.0}"
                + $"   {health.SampleP50Ms,10:0.00} / {health.SampleP99Ms,6:0.00}   {health.LatenessP99Ms,8:0.0} / {health.LatenessMaxMs,6:0.0}   {health.SkippedTurns - before.SkippedTurns,14}");
        }
    }

    /// <summary>A machine that stands still, with what the pump asks of a real one: a disk, a balloon, a console, an agent's port.</summary>
    private static void Start(VmPaths paths)
    {
        Directory.CreateDirectory(paths.Folder);
        using var process = Process.Start(new ProcessStartInfo(Path.GetFullPath(Path.Join("infra", "vm-run.sh")),
        [
            paths.Folder, "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-S", "-m", "16M", "-nodefaults", "-display", "none",
            "-blockdev", "null-co,node-name=disk", "-device", "virtio-blk-pci,drive=disk,id=vda",
            "-device", $"virtio-balloon-pci,id={QemuCommandLine.BalloonId}",
            "-chardev", $"socket,id=console,path={paths.ConsoleSocket},server=on,wait=off", "-serial", "chardev:console",
            "-chardev", $"socket,id={QemuCommandLine.AgentChardev},path={paths.AgentSocket},server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", $"virtserialport,chardev={QemuCommandLine.AgentChardev},name=org.qemu.guest_agent.0",
            "-qmp", $"unix:{paths.ControlSocket},server=on,wait=off", "-qmp", $"unix:{paths.MetricsSocket},server=on,wait=off",
        ]));
    }

    private static async Task WaitForPidAsync(VmPaths paths)
    {
        while (QemuProcess.ReadFrom(paths) is null || !File.Exists(paths.MetricsSocket))
        {
            await Task.Delay(50);
        }
    }
}
