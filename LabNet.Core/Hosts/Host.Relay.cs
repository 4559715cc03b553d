using Microsoft.Extensions.Logging;

namespace LabNet.Core.Hosts;

/// <summary>How the relay of a lab's links does.</summary>
/// <param name="Process">Null while none runs.</param>
/// <param name="IsHung">It runs, and gives no sign of life.</param>
/// <param name="Problem">What is wrong, in words; null if nothing is.</param>
public sealed record RelayStanding(QemuProcess? Process, bool IsHung, string? Problem);

/// <summary>The relay: a process of LabNet's own that carries the links that the kernel does not. Like QEMU it outlives LabNet.</summary>
public sealed partial class Host
{
    /// <summary>It gives a sign of life each second; a machine that is short of CPU may let it wait.</summary>
    private static readonly TimeSpan RelaySilenceMax = TimeSpan.FromSeconds(10);

    public string RelayFolder => Path.Join(Settings.StateFolder, "relay");

    /// <summary>What JSON lines are spoken over.</summary>
    public string RelaySocket => Path.Join(RelayFolder, "relay.sock");

    /// <summary>A network interface of that name, be it the kernel's or a port of the relay; null if there is neither.</summary>
    public InterfaceState? ReadNicState(string name) =>
        _relayPlan.Find(name) is { } nic ? new InterfaceState(name, MtuOf(nic), ReadRelay().Problem is null) : ReadInterface(name);

    /// <summary>What went over NICs' ports, be they the kernel's or the relay's; null for one that is not there.</summary>
    public InterfaceCounters?[] ReadNicCounters(params IReadOnlyList<string> names)
    {
        var counters = ReadInterfaceCounters(names);
        if (_relayPlan.Nics.Length > 0 && RelayCounters.Read(RelayFolder) is { Lines: var lines })
        {
            Count(lines, names, counters);
        }

        return counters;
    }

    /// <summary>How the relay does, by its notes alone: nobody is asked.</summary>
    public RelayStanding ReadRelay()
    {
        if (QemuProcess.ReadFrom(RelayFolder) is not { IsAlive: true } process)
        {
            return new RelayStanding(Process: null, IsHung: false, "The relay does not run. LabNet starts it again.");
        }

        var counters = RelayCounters.Read(RelayFolder);
        var lastSeen = counters?.At > process.StartedAt ? counters.Value.At : process.StartedAt;
        return time.GetUtcNow() - lastSeen > RelaySilenceMax
            ? new RelayStanding(process, IsHung: true, $"The relay (process {process.Pid}) gives no sign of life. LabNet starts it again.")
            : new RelayStanding(process, IsHung: false, counters is null ? "The relay is starting." : counters.Value.Problem);
    }

    /// <summary>Starts the relay detached, unless it runs. Answers when it has given its first sign of life.</summary>
    /// <exception cref="HostException">It could not be started, or ended at once; the message has what it printed.</exception>
    public async Task<QemuProcess> StartRelayAsync(CancellationToken cancellationToken)
    {
        if (QemuProcess.ReadFrom(RelayFolder) is { IsAlive: true } running)
        {
            return running;
        }

        foreach (var note in (string[])["pid", "exit", Path.GetFileName(RelaySocket), Path.GetFileName(RelayCounters.PathIn(RelayFolder))])
        {
            File.Delete(Path.Join(RelayFolder, note));
        }

        var script = Path.Join(Settings.InfraFolder, "vm-run.sh");
        string[] program = ["env", "DOTNET_gcServer=0", "DOTNET_TieredPGO=0", "DOTNET_EnableDiagnostics=0", .. Settings.RelayProgram, "relay", RelayFolder];
        await RunAsync("setsid", ["--fork", "bash", script, RelayFolder, .. program], input: null, cancellationToken);
        var started = time.GetTimestamp();
        while (true)
        {
            if (QemuProcess.ReadFrom(RelayFolder) is { } process && RelayCounters.Read(RelayFolder) is not null)
            {
                LogRelayStarted(process.Pid);
                return process;
            }

            if (File.Exists(Path.Join(RelayFolder, "exit")))
            {
                throw new HostException($"The relay did not start: {Tail(Path.Join(RelayFolder, "stderr"))}");
            }

            if (time.GetElapsedTime(started) > RelaySilenceMax)
            {
                throw new HostException($"The relay has given no sign of life within {RelaySilenceMax.TotalSeconds:0} s of its start.");
            }

            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    /// <summary>What the relay printed last; for the reason of its end.</summary>
    public string ReadRelayWords() => Tail(Path.Join(RelayFolder, "stderr")) + Tail(Path.Join(RelayFolder, "stderr.last"));

    [LoggerMessage(1104, LogLevel.Information, "The relay of the lab's links started as process {Pid}")]
    private partial void LogRelayStarted(int pid);
}
