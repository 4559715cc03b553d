using System.Net;
using System.Net.Sockets;
using LabNet.Core.Hosts;

namespace LabNet.Core.Traffic;

/// <summary>Frames out of sockets and into sockets.</summary>
public sealed partial class RelayProcess
{
    private readonly SocketAddress _from = new(AddressFamily.InterNetwork);
    private readonly byte[] _packet = new byte[VxlanHeader.Bytes + ushort.MaxValue];

    /// <summary>Only this NIC's QEMU may send: any process of the machine can reach the port.</summary>
    private void Receive(NicEnd nic) => Drain(nic.Socket!, bytes =>
    {
        if (_from.Equals(nic.Vm))
        {
            nic.Link.Switch.SetUp(nic.Number, isUp: true);
            nic.Link.Switch.Take(nic.Number, _frame.AsSpan(0, bytes), NowUs());
        }
        else
        {
            nic.Strangers++;
        }
    });

    private void Receive(Uplink uplink) => Drain(uplink.Socket!, bytes =>
    {
        // The source's port is any: RFC 7348 lets it be a hash of the inner frame.
        if (VxlanHeader.TryRead(_frame.AsSpan(0, bytes), out var vni)
            && uplink.Links.TryGetValue(vni, out var link)
            && link.Peers.TryGetValue(((IPEndPoint)uplink.Own.Create(_from)).Address, out var peer))
        {
            link.Switch.Take(peer.Number, _frame.AsSpan(VxlanHeader.Bytes, bytes - VxlanHeader.Bytes), NowUs());
        }
        else
        {
            uplink.Strangers++;
        }
    });

    private void Drain(Socket socket, Action<int> take)
    {
        for (var left = FramesPerTurn; left > 0; left--)
        {
            try
            {
                take(socket.ReceiveFrom(_frame, SocketFlags.None, _from));
                _countersChanged = true;
                if (socket.Available == 0)
                {
                    return;
                }
            }
            catch (SocketException)
            {
                // Nothing there after all, as after a datagram with a wrong checksum.
                return;
            }
        }
    }

    private bool Send(int number, ReadOnlySpan<byte> frame)
    {
        try
        {
            switch (_ends[number])
            {
                case NicEnd { Socket: { } socket } nic:
                    socket.SendTo(frame, SocketFlags.None, nic.Vm);
                    return true;
                case PeerEnd { Uplink.Socket: { } socket } peer:
                    VxlanHeader.Write(_packet, peer.Link.Plan.Vni);
                    frame.CopyTo(_packet.AsSpan(VxlanHeader.Bytes));
                    socket.SendTo(_packet.AsSpan(0, VxlanHeader.Bytes + frame.Length), SocketFlags.None, peer.Address);
                    return true;
                default:
                    return false;
            }
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private InterfaceCounters CountersOf(NicEnd nic)
    {
        var outward = nic.Link.Switch.CountersOf(nic.Number, ImpairDirection.Out);
        var inward = nic.Link.Switch.CountersOf(nic.Number, ImpairDirection.In);
        return new InterfaceCounters(
            outward.Bytes, outward.Frames, Dropped(outward) + _udp.DropsOf(nic.Plan.RelayUdpPort), inward.PassedBytes, inward.Passed, Dropped(inward) + _udp.DropsOf(nic.Plan.VmUdpPort));

        static long Dropped(LaneCounters lane) => lane.Refused + lane.Lost + lane.Overflowed;
    }
}
