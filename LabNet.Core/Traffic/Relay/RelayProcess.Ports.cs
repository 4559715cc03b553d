using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>The relay's links, and the sockets at their ends.</summary>
public sealed partial class RelayProcess
{
    /// <summary>As much as the kernel gives (net.core.rmem_max): what comes while another socket has its turn.</summary>
    private const int ReceiveBufferBytes = 4 * 1024 * 1024;

    private readonly Dictionary<string, RelayedLink> _links = [];
    private readonly Dictionary<string, NicEnd> _nics = [];
    private readonly Dictionary<(string Address, int Port), Uplink> _uplinks = [];
    private readonly Dictionary<int, PortEnd> _ends = [];
    private readonly UdpSockets _udp = new();
    private DateTime _planWrittenAt;
    private string? _planProblem;
    private int _portNumber;

    private void ReadPlanIfNew()
    {
        if (RelayPlan.WrittenAt(_folder) != _planWrittenAt)
        {
            ReadPlan();
        }
    }

    private void ReadPlan()
    {
        try
        {
            _planWrittenAt = RelayPlan.WrittenAt(_folder);
            var plan = RelayPlan.Read(_folder);
            foreach (var link in _links.Values.Where(link => !plan.Links.Contains(link.Plan)).ToList())
            {
                Remove(link);
            }

            foreach (var nic in _nics.Values.Where(nic => !plan.Nics.Contains(nic.Plan)).ToList())
            {
                Change(nic, plan.Find(nic.Plan.Name));
            }

            foreach (var link in plan.Links.Where(link => !_links.ContainsKey(link.Name)))
            {
                Add(link);
            }

            foreach (var nic in plan.Nics.Where(nic => !_nics.ContainsKey(nic.Name)))
            {
                Add(nic, _links[nic.Link]);
            }

            _planProblem = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // The one that it has goes on.
            _planProblem = $"The relay's plan cannot be read: {Told(e)}";
        }
    }

    private void Add(RelayLink plan)
    {
        var link = new RelayedLink(plan, new FrameSwitch(Send, plan.FrameBytesMax));
        _links.Add(plan.Name, link);
        if (plan.Address is not { } own)
        {
            return;
        }

        if (!_uplinks.TryGetValue((own, plan.Port), out var uplink))
        {
            uplink = new Uplink(new IPEndPoint(IPAddress.Parse(own), plan.Port));
            _uplinks.Add((own, plan.Port), uplink);
        }

        uplink.Links[plan.Vni] = link;
        foreach (var address in plan.Peers)
        {
            var peer = new PeerEnd(++_portNumber, link, uplink, address);
            link.Peers.Add(IPAddress.Parse(address), peer);
            _ends.Add(peer.Number, peer);
            link.Switch.AddPort(peer.Number, $"{plan.Name}/{address}", isPeer: true);
        }
    }

    private void Add(RelayNic plan, RelayedLink link)
    {
        var nic = new NicEnd(++_portNumber, link, plan);
        _nics.Add(plan.Name, nic);
        _ends.Add(nic.Number, nic);
        link.Switch.AddPort(nic.Number, plan.Name);
        link.Switch.SetUp(nic.Number, isUp: false);
        Bind(nic);
    }

    /// <summary>A port whose QEMU is not there, as those for NICs that are plugged in later, gets no frames.</summary>
    private void LookForVms()
    {
        _udp.Read(_nics.Values.SelectMany(nic => (int[])[nic.Plan.VmUdpPort, nic.Plan.RelayUdpPort]).ToHashSet());
        foreach (var nic in _nics.Values)
        {
            nic.Link.Switch.SetUp(nic.Number, _udp.IsOpen(nic.Plan.VmUdpPort));
        }
    }

    /// <summary>A NIC whose QEMU is elsewhere now keeps its counters and what is done to its frames.</summary>
    private void Change(NicEnd nic, RelayNic? plan)
    {
        if (plan is not null && plan.Link == nic.Plan.Link && plan.RelayUdpPort == nic.Plan.RelayUdpPort)
        {
            nic.Plan = plan;
            return;
        }

        Close(nic.Socket);
        _nics.Remove(nic.Plan.Name);
        _ends.Remove(nic.Number);
        nic.Link.Switch.RemovePort(nic.Number);
    }

    private void Remove(RelayedLink link)
    {
        foreach (var nic in _nics.Values.Where(nic => nic.Link == link).ToList())
        {
            Change(nic, plan: null);
        }

        foreach (var peer in link.Peers.Values)
        {
            _ends.Remove(peer.Number);
        }

        foreach (var (key, uplink) in _uplinks.Where(one => one.Value.Links.GetValueOrDefault(link.Plan.Vni) == link).ToList())
        {
            uplink.Links.Remove(link.Plan.Vni);
            if (uplink.Links.Count == 0)
            {
                Close(uplink.Socket);
                _uplinks.Remove(key);
            }
        }

        _links.Remove(link.Plan.Name);
    }

    private void BindWhatIsNotBound()
    {
        foreach (var nic in _nics.Values.Where(nic => nic.Socket is null))
        {
            Bind(nic);
        }

        foreach (var uplink in _uplinks.Values.Where(uplink => uplink.Socket is null))
        {
            (uplink.Socket, var why) = TryBind(uplink.Own, () => Receive(uplink));
            uplink.Problem = why is null ? null : $"The relay cannot speak VXLAN by {uplink.Own}: {why}";
        }
    }

    private void Bind(NicEnd nic)
    {
        (nic.Socket, var why) = TryBind(new IPEndPoint(IPAddress.Loopback, nic.Plan.RelayUdpPort), () => Receive(nic));
        nic.Problem = why is null ? null : $"The relay cannot have UDP port {nic.Plan.RelayUdpPort}, which {nic.Plan.Label} sends to: {why}";
    }

    private (Socket? Socket, string? WhyNot) TryBind(IPEndPoint own, Action read)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            socket.ReceiveBufferSize = ReceiveBufferBytes;
            socket.Bind(own);
            _readers.Add(socket, read);
            return (socket, null);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return (null, Told(e));
        }
    }

    private void Close(Socket? socket)
    {
        if (socket is not null)
        {
            _readers.Remove(socket);
            socket.Dispose();
        }
    }

    /// <summary>In one line: the counters' file has no room for more.</summary>
    private static string Told(Exception e) => e.Message.ReplaceLineEndings(" ");
}
