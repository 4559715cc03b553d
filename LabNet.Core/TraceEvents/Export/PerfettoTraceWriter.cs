using System.Buffers;
using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// A trace for Perfetto's UI and trace processor (protobuf TrackEvent). Every event is an instant on the track of its thread; a request
/// whose end tells its latency is also a slice on a lane of its device, and a flow leads from its begin over the slice to its end. What
/// begins a request is written together with its end, so that no flow has one end only: the reader sorts by time.
/// </summary>
/// <remarks>Not thread-safe. Memory stays bounded whatever is written.</remarks>
internal sealed class PerfettoTraceWriter : ITraceWriter
{
    private readonly PerfettoLimits _limits;
    private readonly PerfettoPackets _packets;
    private readonly PerfettoTracks _tracks;
    private readonly Dictionary<TraceEventType, TracePairRole?> _roles = [];
    private readonly Dictionary<RequestKey, TraceEvent> _open = [];
    private readonly Dictionary<VmName, int> _inFlight = [];
    private bool _hasClock;
    private ulong _flows;

    /// <param name="limits">The usual ones if left out.</param>
    public PerfettoTraceWriter(IBufferWriter<byte> to, PerfettoLimits? limits = null)
    {
        _limits = limits ?? new PerfettoLimits();
        _packets = new PerfettoPackets(to, _limits.Names);
        _tracks = new PerfettoTracks(_packets, _limits.Tracks);
    }

    /// <summary>Nothing: the clock needs a time, and a trace without an event is an empty file.</summary>
    public void Begin()
    {
    }

    public void Write(TraceEvent traced)
    {
        if (!_hasClock)
        {
            _packets.WriteClock(traced.TimeNs);
            _hasClock = true;
        }

        if (RoleOf(traced.Type) is not { } role)
        {
            WriteInstant(traced);
            return;
        }

        var key = RequestKey.Of(traced, role);
        if (role.IsEnd)
        {
            WriteEnd(traced, role, key);
        }
        else
        {
            Open(traced, key);
        }
    }

    public void End() => WriteOpen();

    public void Dispose()
    {
    }

    private void Open(TraceEvent begin, RequestKey key)
    {
        if (_open.Remove(key, out var lost))
        {
            WriteInstant(lost);
        }
        else
        {
            if (_open.Count >= _limits.Open)
            {
                WriteOpen();
                foreach (var (vm, count) in _inFlight.Where(one => one.Value > 0).ToList())
                {
                    Count(vm, -count, begin.TimeNs);
                }
            }

            Count(begin.Vm, 1, begin.TimeNs);
        }

        _open[key] = begin;
    }

    private void WriteEnd(TraceEvent end, TracePairRole role, RequestKey key)
    {
        if (_open.Remove(key, out var begin))
        {
            Count(end.Vm, -1, end.TimeNs);
        }

        if (end.LatencyNs is not { } latencyNs)
        {
            WriteInstant(begin);
            WriteInstant(end);
            return;
        }

        var startNs = end.TimeNs - latencyNs;
        if (begin is not null && begin.TimeNs != startNs)
        {
            // The begin of this one was not among the events, and that one's end was lost.
            WriteInstant(begin);
            begin = null;
        }

        var hasLane = _tracks.TryTakeLane(key.Device(role), end, role, startNs, out var lane);
        var flow = hasLane || begin is not null ? ++_flows : 0;
        WriteInstant(begin, flow);
        if (hasLane)
        {
            _packets.WriteSlice(begin, end, latencyNs, role.Keys, lane, flow);
        }

        WriteInstant(end, flow);
    }

    private void WriteOpen()
    {
        foreach (var begin in _open.Values)
        {
            WriteInstant(begin);
        }

        _open.Clear();
    }

    private void WriteInstant(TraceEvent? traced, ulong flow = 0)
    {
        if (traced is not null)
        {
            _packets.WriteInstant(traced, _tracks.OfThread(traced.Vm, traced.Thread), flow);
        }
    }

    private void Count(VmName vm, int change, long timeNs)
    {
        var count = _inFlight.GetValueOrDefault(vm) + change;
        _inFlight[vm] = count;
        _packets.WriteCounter(timeNs, _tracks.OfCounter(vm), count);
    }

    private TracePairRole? RoleOf(TraceEventType type)
    {
        if (!_roles.TryGetValue(type, out var role))
        {
            if (_roles.Count >= _limits.Names)
            {
                _roles.Clear();
            }

            role = type.IsTyped ? TracePairRole.Of(type) : null;
            _roles[type] = role;
        }

        return role;
    }

    private readonly record struct RequestKey(VmName Vm, int Pair, long First, long Second, long Third)
    {
        public static RequestKey Of(TraceEvent traced, TracePairRole role) =>
            new(traced.Vm, role.Pair, Value(traced, role, 0), Value(traced, role, 1), Value(traced, role, 2));

        public RequestDevice Device(TracePairRole role) => new(Vm, Pair, role.Keys.Length > 1 ? First : 0, role.Keys.Length > 2 ? Second : 0);

        private static long Value(TraceEvent traced, TracePairRole role, int key) => role.Keys.Length > key ? traced.Values[role.Keys[key]].Bits : 0;
    }
}
