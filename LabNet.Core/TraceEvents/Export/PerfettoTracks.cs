using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>A device that requests go to, as far as the events tell it: the arguments of a request's key but for the last, which tells the request.</summary>
internal readonly record struct RequestDevice(VmName Vm, int Pair, long First, long Second);

/// <summary>
/// The tracks of a trace, each told when something first stands on it: a track for each VM, below it its counter, its vCPUs, its devices'
/// requests in lanes of one name, which Perfetto draws as one, and QEMU's other threads.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PerfettoTracks(PerfettoPackets packets, int tracksMax)
{
    private const int CounterRank = 0;
    private const int FirstVcpuRank = 1;
    private const int DeviceRank = 1 << 20;
    private const int ThreadRank = 1 << 21;

    private readonly Dictionary<VmName, ulong> _vms = [];
    private readonly Dictionary<VmName, ulong> _counters = [];
    private readonly Dictionary<(VmName Vm, TraceThread Thread), ulong> _threads = [];
    private readonly Dictionary<RequestDevice, RequestLanes> _lanes = [];
    private ulong _told;

    private bool IsFull => _told >= (ulong)tracksMax;

    public ulong OfThread(VmName vm, TraceThread thread)
    {
        // A vCPU keeps its track when QEMU is started anew and its thread is another one.
        var key = (vm, thread.Vcpu is null ? thread : thread with { Id = 0 });
        if (_threads.TryGetValue(key, out var track))
        {
            return track;
        }

        var parent = OfVm(vm);
        if (IsFull)
        {
            return parent;
        }

        track = thread switch
        {
            { Vcpu: { } vcpu } => Tell(parent, $"vCPU {vcpu}", FirstVcpuRank + vcpu),
            { Id: 0 } => Tell(parent, "threads that QEMU did not tell", ThreadRank),
            _ => Tell(parent, $"thread {thread.Id}", ThreadRank),
        };
        _threads[key] = track;
        return track;
    }

    /// <summary>How many requests are under way.</summary>
    public ulong OfCounter(VmName vm)
    {
        if (!_counters.TryGetValue(vm, out var track))
        {
            track = Tell(OfVm(vm), "requests in flight", CounterRank, isCounter: true);
            _counters[vm] = track;
        }

        return track;
    }

    /// <summary>Takes a lane of the device for a request.</summary>
    /// <param name="end">Its arguments name the device.</param>
    /// <returns>False if there is none, see <see cref="PerfettoLimits"/>.</returns>
    public bool TryTakeLane(RequestDevice device, TraceEvent end, TracePairRole role, long startNs, out ulong track)
    {
        track = 0;
        if (_lanes.TryGetValue(device, out var lanes) && lanes.TryTake(startNs, end.TimeNs, out track))
        {
            return true;
        }

        var parent = OfVm(device.Vm);
        if (IsFull)
        {
            return false;
        }

        track = Tell(parent, NameOf(end, role), DeviceRank + device.Pair);
        if (lanes is null)
        {
            lanes = new RequestLanes();
            _lanes[device] = lanes;
        }

        lanes.Add(track, end.TimeNs);
        return true;
    }

    /// <summary>VMs are few: each has its track, whatever else is there.</summary>
    private ulong OfVm(VmName vm)
    {
        if (!_vms.TryGetValue(vm, out var track))
        {
            track = Tell(parent: 0, vm.ToString(), rank: _vms.Count);
            _vms[vm] = track;
        }

        return track;
    }

    private ulong Tell(ulong parent, string name, int rank, bool isCounter = false)
    {
        packets.WriteTrack(new PerfettoTrack(++_told, parent, name, rank, isCounter));
        return _told;
    }

    /// <summary>Such as <c>virtio_blk requests, vdev 0x55d4c0a8</c>.</summary>
    private static string NameOf(TraceEvent end, TracePairRole role)
    {
        var device = role.Keys[..^1].Select(place => (end.Type.Arguments[place].Name, Value: end.Values[place]))
            .Select(key => key.Value.Kind == TraceValueKind.Hex ? $", {key.Name} 0x{key.Value.Bits:x}" : $", {key.Name} {key.Value.Bits}");
        return $"{TracePair.All[role.Pair].Subject} requests{string.Concat(device)}";
    }
}
