using System.Net;
using System.Net.Sockets;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>What the relay has of each link, each NIC and each other machine.</summary>
public sealed partial class RelayProcess
{
    private sealed class RelayedLink(RelayLink plan, FrameSwitch carrying)
    {
        public RelayLink Plan => plan;

        public FrameSwitch Switch => carrying;

        public Dictionary<IPAddress, PeerEnd> Peers { get; } = [];
    }

    private abstract class PortEnd(int number, RelayedLink link)
    {
        public int Number => number;

        public RelayedLink Link => link;

        public abstract string Name { get; }

        public abstract string Label { get; }
    }

    private sealed class NicEnd(int number, RelayedLink link, RelayNic plan) : PortEnd(number, link)
    {
        public RelayNic Plan
        {
            get;
            set => (field, Vm) = (value, new IPEndPoint(IPAddress.Loopback, value.VmUdpPort).Serialize());
        } = plan;

        public SocketAddress Vm { get; private set; } = new IPEndPoint(IPAddress.Loopback, plan.VmUdpPort).Serialize();

        public override string Name => Plan.Name;

        public override string Label => Plan.Label;

        public Socket? Socket { get; set; }

        public string? Problem { get; set; }

        public long Strangers { get; set; }
    }

    private sealed class PeerEnd(int number, RelayedLink link, Uplink uplink, string address) : PortEnd(number, link)
    {
        public Uplink Uplink => uplink;

        public SocketAddress Address { get; } = new IPEndPoint(IPAddress.Parse(address), link.Plan.Port).Serialize();

        public override string Name => $"{Link.Plan.Name}/{address}";

        public override string Label => $"the machine {address}";
    }

    private sealed class Uplink(IPEndPoint own)
    {
        public IPEndPoint Own => own;

        public Dictionary<int, RelayedLink> Links { get; } = [];

        public Socket? Socket { get; set; }

        public string? Problem { get; set; }

        public long Strangers { get; set; }
    }
}
