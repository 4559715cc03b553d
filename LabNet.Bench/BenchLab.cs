using System.Diagnostics;
using System.Globalization;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Bench;

/// <summary>The example lab of two emulated guests, up in a state folder of its own, and what LabNet costs there. From the repository's root.</summary>
internal sealed class BenchLab : IAsyncDisposable
{
    private const int Port = 5099;
    private const int TicksPerSecond = 100;

    private readonly string _state;

    private readonly Host _host;

    private BenchLab(string state)
    {
        _state = state;
        _host = new Host(new HostSettings(state, "", "", "", Machine: null), TimeProvider.System, NullLogger<Host>.Instance);
    }

    public static Uri Address { get; } = new($"http://127.0.0.1:{Port}");

    public string Token { get; private set; } = "";

    private string Folder => Path.Join(_state, "current");

    private string Pid => File.ReadAllText(Path.Join(Folder, "labnet.pid")).Split(' ')[0];

    public static Task<BenchLab> UpAsync(params string[] options) => UpInAsync(Directory.CreateTempSubdirectory("lb-").FullName, options);

    /// <param name="state">A folder that may hold something already; it goes with this.</param>
    public static async Task<BenchLab> UpInAsync(string state, params string[] options)
    {
        var lab = new BenchLab(state);
        try
        {
            await lab.RunAsync(["up", "--port", $"{Port}", .. options]);
            lab.Token = (await lab.RunAsync("token")).Trim();
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A QMP client that has nothing to do with LabNet.</summary>
    public async Task<QmpConnection> ConnectAsync(string vm)
    {
        var stream = await _host.OpenSocketAsync(Path.Join(Folder, "vms", vm, "user.sock"), CancellationToken.None);
        return await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>A guest's agent serves one client: LabNet has to be ended before.</summary>
    public GuestAgentClient OpenAgent(string vm)
    {
        var path = Path.Join(Folder, "vms", vm, "agent.sock");
        return new GuestAgentClient(ct => _host.OpenSocketAsync(path, ct), TimeProvider.System);
    }

    /// <summary>Ends LabNet by its own pid; its VMs stay.</summary>
    public async Task EndLabNetAsync()
    {
        using var labNet = Process.GetProcessById((int)Number(Pid));
        labNet.Kill();
        await labNet.WaitForExitAsync();
    }

    /// <summary>SIGKILL to a VM's QEMU.</summary>
    public void KillVm(string vm) => QemuProcess.ReadFrom(VmPaths.In(Path.Join(Folder, "vms", vm)))!.Kill();

    /// <summary>What LabNet has used of the CPU since its start.</summary>
    public TimeSpan ReadCpuTime() => CpuTimeOf(Pid);

    /// <summary>What a VM's QEMU has used of it.</summary>
    public TimeSpan ReadVmCpuTime(string vm) => CpuTimeOf(File.ReadAllText(Path.Join(Folder, "vms", vm, "pid")).Split(' ')[0]);

    private static TimeSpan CpuTimeOf(string pid)
    {
        const int UserTime = 11;
        const int SystemTime = 12;
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((double)(Number(fields[UserTime]) + Number(fields[SystemTime])) / TicksPerSecond);
    }

    /// <summary>LabNet's part of a core, while nothing is asked of it.</summary>
    public async Task<double> CpuOverAsync(TimeSpan time)
    {
        var before = ReadCpuTime();
        await Task.Delay(time);
        return (ReadCpuTime() - before) / time;
    }

    /// <summary>A log of a VM's trace events.</summary>
    public string TraceLog(string vm, long number) => VmPaths.In(Path.Join(Folder, "vms", vm)).TraceLog(number);

    /// <summary>What guests have as a 9p share of that name.</summary>
    public string Share(string name) => Path.Join(Folder, "shares", name);

    /// <summary>10⁶ bytes.</summary>
    public double ReadResidentMB()
    {
        var line = File.ReadLines($"/proc/{Pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024 / 1e6;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("down", "--purge");
        Directory.Delete(_state, recursive: true);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.GetFullPath("infra/lab"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { ["LABNET_STATE"] = _state },
        })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"lab {arguments[0]} ended with {process.ExitCode}.");
    }
}
