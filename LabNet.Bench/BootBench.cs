using System.Diagnostics;
using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Bench;

/// <summary>
/// <c>infra/lab up</c> on a built machine until both agents answer, against the same two QEMU command lines started bare: same disks, same
/// taps, in turn. The bare ones get their network made before the clock starts.
/// </summary>
internal sealed class BootBench(string root, string state)
{
    public const string Name = "boot";
    public const string Measures = "infra/lab up until both agents answer, against the two bare QEMU command lines (from the repository's root)";

    private const string BothUp = "x86 is up, arm is up";
    private static readonly string[] Vms = ["x86", "arm"];
    private static readonly TimeSpan PowerButtonPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly Host _host = new(new HostSettings(state, "", "", "", Machine: null), TimeProvider.System, NullLogger<Host>.Instance);

    private string LabState => Path.Join(state, "cross-arch");

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var root = Directory.GetCurrentDirectory();
        if (!File.Exists(Path.Join(root, "infra", "lab")))
        {
            await Console.Error.WriteLineAsync("Run this from the repository's root.");
            return 2;
        }

        var state = Directory.CreateTempSubdirectory("lb-").FullName;
        try
        {
            await new BootBench(root, state).MeasureAsync(arguments.Rounds);
            return 0;
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private async Task MeasureAsync(int rounds)
    {
        // Not counted: builds what is missing, makes the disks, leaves the command lines.
        await UpAsync();
        await LabAsync("down");
        var differences = new List<double>();
        Console.WriteLine("round   up s   bare s   difference s");
        for (var round = 1; round <= rounds; round++)
        {
            var up = await UpAsync();
            await LabAsync("down");
            var bare = await BareAsync();
            differences.Add((up - bare).TotalSeconds);
            Console.WriteLine($"{round,5}  {up.TotalSeconds,5:0.00}    {bare.TotalSeconds,5:0.00}          {differences[^1],5:0.00}");
        }

        Console.WriteLine($"median difference: {differences.Order().ElementAt(rounds / 2):0.00} s (at most 3 s asked for)");
    }

    private async Task<TimeSpan> UpAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using var process = StartLab("up", "--port", "5099");
        TimeSpan? both = null;
        var told = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            told.Add(line);
            both ??= line.Contains(BothUp, StringComparison.Ordinal) ? Stopwatch.GetElapsedTime(started) : null;
        }

        await process.WaitForExitAsync();
        return process.ExitCode == 0 && both is { } time ? time : throw new InvalidOperationException(string.Join('\n', told));
    }

    private async Task<TimeSpan> BareAsync()
    {
        await NetworkAsync("up");
        try
        {
            var started = Stopwatch.GetTimestamp();
            var qemus = Vms.Select(StartBare).ToList();
            await Task.WhenAll(Vms.Select(WaitForAgentAsync));
            var time = Stopwatch.GetElapsedTime(started);
            await Task.WhenAll(Vms.Zip(qemus, PowerDownAsync));
            qemus.ForEach(qemu => qemu.Dispose());
            return time;
        }
        finally
        {
            await NetworkAsync("down");
        }
    }

    /// <summary>
    /// As a user would: a disk that was not unmounted would cost the next start time. A guest that has just come up can miss its power button.
    /// </summary>
    private async Task PowerDownAsync(string vm, Process qemu)
    {
        var stream = await _host.OpenSocketAsync(Path.Join(LabState, "vms", vm, "control.sock"), CancellationToken.None);
        await using var qmp = await QmpConnection.NegotiateAsync(stream, new QmpOptions(), TimeProvider.System, CancellationToken.None);
        qmp.Start(static _ => { });
        var ended = qemu.WaitForExitAsync();
        while (!ended.IsCompleted)
        {
            try
            {
                await qmp.ExecuteAsync(RunStateCommands.SystemPowerdown, CancellationToken.None);
            }
            catch (QmpDisconnectedException)
            {
                await ended;
            }

            await Task.WhenAny(ended, Task.Delay(PowerButtonPause));
        }
    }

    private Process StartBare(string vm)
    {
        var folder = Path.Join(LabState, "vms", vm);
        foreach (var socket in Directory.GetFiles(folder, "*.sock"))
        {
            File.Delete(socket);
        }

        var architecture = vm == "x86" ? "x86_64" : "aarch64";
        return Process.Start(new ProcessStartInfo($"qemu-system-{architecture}", File.ReadAllLines(Path.Join(folder, "command"))))!;
    }

    private async Task WaitForAgentAsync(string vm)
    {
        await using var agent = Agent(vm);
        while (true)
        {
            try
            {
                await agent.ExecuteAsync(GuestAgentCommands.Ping, CancellationToken.None);
                return;
            }
            catch (GuestAgentException)
            {
                await Task.Delay(Glance);
            }
        }
    }

    private GuestAgentClient Agent(string vm) =>
        new(ct => _host.OpenSocketAsync(Path.Join(LabState, "vms", vm, "agent.sock"), ct), TimeProvider.System);

    private async Task NetworkAsync(string command)
    {
        var application = Path.Join(root, "artifacts", "publish", "LabNet.Web", "release", "LabNet.Web.dll");
        var check = await OutputAsync("dotnet", [application, "check", Path.Join(root, "infra", "labs", "cross-arch.yaml")], input: null);
        var spec = JsonDocument.Parse(check).RootElement.GetProperty("networkSpec").GetString();
        string[] arguments = command == "up" ? ["up", "--lab", "cross-arch", "-"] : ["down", "--lab", "cross-arch"];
        await OutputAsync(Path.Join(root, "infra", "network.sh"), arguments, spec);
    }

    private async Task LabAsync(string command)
    {
        using var process = StartLab(command);
        var told = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(told);
        }
    }

    private Process StartLab(params string[] arguments) => Process.Start(new ProcessStartInfo(Path.Join(root, "infra", "lab"), arguments)
    {
        UseShellExecute = false,
        RedirectStandardError = true,
        Environment = { ["LABNET_STATE"] = state },
    })!;

    private static async Task<string> OutputAsync(string program, IReadOnlyList<string> arguments, string? input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }
}
