using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LabNet.Core.Labs;
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
    /// <summary>Below the ports that Linux gives to whoever asks for any (net.ipv4.ip_local_port_range), above those of common services.</summary>
    private const int RelayPortMin = 20_000;
    private const int RelayPortMax = 32_700;

    /// <summary>It gives a sign of life each second; a machine that is short of CPU may let it wait.</summary>
    private static readonly TimeSpan RelaySilenceMax = TimeSpan.FromSeconds(10);

    private readonly Lock _relaySync = new();
    private volatile RelayPlan _relayPlan = RelayPlan.Empty;
    private LabName _relayLab;

    public string RelayFolder => Path.Join(Settings.StateFolder, "relay");

    /// <summary>What JSON lines are spoken over.</summary>
    public string RelaySocket => Path.Join(RelayFolder, "relay.sock");

    /// <summary>What the relay is to carry; empty for a lab without such links.</summary>
    public RelayPlan RelayPlan => _relayPlan;

    /// <summary>Learns which links go by the relay, and chooses ports for NICs that have none. Starts nothing.</summary>
    /// <exception cref="HostException">The relay's folder cannot be written.</exception>
    public void OpenRelay(Lab lab)
    {
        lock (_relaySync)
        {
            _relayLab = lab.Name;
            if (!lab.Links.Any(link => link.IsByRelay))
            {
                return;
            }

            try
            {
                Directory.CreateDirectory(RelayFolder, OwnerOnly);
                var earlier = ReadRelayPlan();
                var machine = Settings.Machine is { } name ? HostName.Parse(name) : (HostName?)null;
                KeepRelayPlan(RelayPlan.For(lab, machine, earlier, FreeUdpPort), earlier);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new HostException($"The relay's folder {RelayFolder} cannot be written: {e.Message}", e);
            }
        }
    }

    /// <summary>Where a NIC of this name is plugged in.</summary>
    /// <exception cref="HostException">There is no such port.</exception>
    public LinkPort ReadLinkPort(string name)
    {
        if (_relayPlan.Find(name) is { } nic)
        {
            return ReadRelayPort(nic);
        }

        return ReadInterface(name) is { } tap
            ? new TapPort(tap.Name, tap.MtuBytes)
            : throw new HostException($"The network interface {name} is missing. ./infra/lab up makes it.");
    }

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

    private RelayPlan ReadRelayPlan()
    {
        try
        {
            return RelayPlan.Read(RelayFolder);
        }
        catch (JsonException e)
        {
            LogRelayPlanDamaged(e, RelayFolder);
            return RelayPlan.Empty;
        }
    }

    private void KeepRelayPlan(RelayPlan plan, RelayPlan earlier)
    {
        if (!plan.Equals(earlier))
        {
            plan.Write(RelayFolder);
        }

        _relayPlan = plan;
    }

    /// <summary>QEMU's end is free before it starts; a port that somebody else has taken meanwhile is changed for another one.</summary>
    private RelayPort ReadRelayPort(RelayNic nic)
    {
        lock (_relaySync)
        {
            if (!IsFree(nic.VmUdpPort))
            {
                var taken = _relayPlan.Nics.SelectMany(one => (int[])[one.VmUdpPort, one.RelayUdpPort]).ToHashSet();
                var other = nic with { VmUdpPort = FreeUdpPort(taken) };
                KeepRelayPlan(_relayPlan with { Nics = _relayPlan.Nics.Replace(nic, other) }, _relayPlan);
                nic = other;
            }

            return new RelayPort(nic.Name, MtuOf(nic), nic.VmUdpPort, nic.RelayUdpPort);
        }
    }

    private int MtuOf(RelayNic nic) => _relayPlan.Links.First(link => link.Name == nic.Link).MtuBytes;

    /// <summary>Labs begin at different places, so that they do not meet while their ports are not bound.</summary>
    private int FreeUdpPort(IReadOnlySet<int> taken)
    {
        const int Count = RelayPortMax - RelayPortMin;
        var first = int.Parse(InterfaceNames.Hash(_relayLab.ToString(), length: 7), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Count;
        foreach (var port in Enumerable.Range(0, Count).Select(step => RelayPortMin + ((first + step) % Count)))
        {
            if (!taken.Contains(port) && IsFree(port))
            {
                return port;
            }
        }

        throw new HostException($"No UDP port of 127.0.0.1 from {RelayPortMin} to {RelayPortMax} is free for the relay.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LoggerMessage(1104, LogLevel.Information, "The relay of the lab's links started as process {Pid}")]
    private partial void LogRelayStarted(int pid);

    [LoggerMessage(1105, LogLevel.Error, "The relay's plan in {Folder} was damaged; NICs get new ports, and VMs that run have to be started anew")]
    private partial void LogRelayPlanDamaged(Exception exception, string folder);
}
