using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LabNet.Core.Labs;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Hosts;

/// <summary>Where NICs are plugged in, and the UDP ports of those whose link goes by the relay.</summary>
public sealed partial class Host
{
    /// <summary>Below the ports that Linux gives to whoever asks for any (net.ipv4.ip_local_port_range), above those of common services.</summary>
    private const int RelayPortMin = 20_000;
    private const int RelayPortMax = 32_700;

    private readonly Lock _relaySync = new();
    private volatile RelayPlan _relayPlan = RelayPlan.Empty;
    private LabName _relayLab;

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

    [LoggerMessage(1105, LogLevel.Error, "The relay's plan in {Folder} was damaged; NICs get new ports, and VMs that run have to be started anew")]
    private partial void LogRelayPlanDamaged(Exception exception, string folder);
}
