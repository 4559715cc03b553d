namespace LabNet.Core.Traffic;

/// <summary>Sends a frame out of a port at once.</summary>
/// <returns>False if there was no room for it.</returns>
public delegate bool FrameSender(int port, ReadOnlySpan<byte> frame);

/// <summary>
/// One link as a switch that learns: a frame goes to the port behind which its destination was last heard, or to all others. A port has two
/// lanes: out, what its VM sends, and in, what goes to it; each counts, and each can be impaired.
/// </summary>
/// <remarks>
/// Pure: it reads no clock and opens nothing. Times are microseconds of one clock that never goes back, which the caller reads; the same
/// calls have the same results. Not thread-safe.
/// </remarks>
public sealed class FrameSwitch
{
    private readonly FrameSender _send;
    private readonly int _frameBytesMax;
    private readonly Dictionary<int, Port> _ports = [];
    private readonly MacTable _macs = new();
    private Port[] _inOrder = [];

    /// <param name="frameBytesMax">Longer frames are refused.</param>
    public FrameSwitch(FrameSender send, int frameBytesMax)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameBytesMax, ushort.MaxValue);
        (_send, _frameBytesMax) = (send, frameBytesMax);
    }

    /// <summary>When <see cref="Advance"/> has something to do; null for never, as things are.</summary>
    public long? NextDueUs => NextDue()?.DueUs;

    /// <param name="name">Gives its lanes random numbers of their own.</param>
    /// <param name="isPeer">Whether another machine's switch is behind it. Among those all frames have gone to all already.</param>
    public void AddPort(int number, string name, bool isPeer = false)
    {
        var inward = new FrameLane($"{name}/in", _frameBytesMax, (frame, _) => _send(number, frame));
        var outward = new FrameLane($"{name}/out", _frameBytesMax, (frame, atUs) => Forward(number, frame, atUs));
        _ports.Add(number, new Port(number, isPeer, inward, outward));
        _inOrder = [.. _ports.Values.OrderBy(port => port.Number)];
    }

    /// <summary>What is held for it is gone with it.</summary>
    public void RemovePort(int number)
    {
        _ports.Remove(number);
        _macs.Forget(number);
        _inOrder = [.. _ports.Values.OrderBy(port => port.Number)];
    }

    /// <summary>Whether somebody is behind the port; if not, no frame goes there. A new port is up.</summary>
    public void SetUp(int number, bool isUp) => _ports[number].IsUp = isUp;

    /// <summary>A frame came in by a port.</summary>
    public void Take(int port, ReadOnlySpan<byte> frame, long nowUs) => _ports[port].Out.Take(frame, nowUs);

    /// <summary>Sends on whatever is due, and ends impairments whose time is up.</summary>
    public void Advance(long nowUs)
    {
        while (NextDue() is { DueUs: { } due } lane && due <= nowUs)
        {
            lane.Advance();
        }
    }

    /// <param name="seed">The same seed and the same frames have the same fates.</param>
    /// <param name="untilUs">It ends by itself then.</param>
    public void Impair(int port, ImpairDirection direction, Impairment what, ulong seed, long untilUs)
    {
        foreach (var lane in LanesOf(port, direction))
        {
            lane.Impair(what, seed, untilUs);
        }
    }

    /// <summary>What is held goes on at once, in its order.</summary>
    public void Lift(int port, ImpairDirection direction, long nowUs)
    {
        foreach (var lane in LanesOf(port, direction))
        {
            lane.Lift(nowUs);
        }
    }

    /// <param name="direction">In or out.</param>
    public LaneCounters CountersOf(int port, ImpairDirection direction) => LanesOf(port, direction)[0].Counters;

    /// <summary>Frames that wait for their time.</summary>
    /// <param name="direction">In or out.</param>
    public int HeldBy(int port, ImpairDirection direction) => LanesOf(port, direction)[0].HeldFrames;

    /// <summary>What is done to frames just now; null for nothing.</summary>
    /// <param name="direction">In or out.</param>
    public Impairment? ImpairmentOf(int port, ImpairDirection direction) => LanesOf(port, direction)[0].Impairment;

    /// <summary>A frame that nobody is there for has still passed: the switch has done its part.</summary>
    private bool Forward(int from, ReadOnlySpan<byte> frame, long atUs)
    {
        _macs.Learn(MacTable.Source(frame), from, atUs);
        var destination = MacTable.Destination(frame);
        if (!MacTable.IsGroup(destination) && _macs.Find(destination, atUs) is { } known)
        {
            if (known != from && MayPass(from, known))
            {
                _ports[known].In.Take(frame, atUs);
            }

            return true;
        }

        foreach (var port in _inOrder)
        {
            if (port.Number != from && MayPass(from, port.Number))
            {
                port.In.Take(frame, atUs);
            }
        }

        return true;
    }

    private bool MayPass(int from, int to) => _ports[to].IsUp && !(_ports[from].IsPeer && _ports[to].IsPeer);

    private FrameLane[] LanesOf(int port, ImpairDirection direction) => direction switch
    {
        ImpairDirection.In => [_ports[port].In],
        ImpairDirection.Out => [_ports[port].Out],
        _ => [_ports[port].Out, _ports[port].In],
    };

    private FrameLane? NextDue()
    {
        FrameLane? next = null;
        foreach (var port in _inOrder)
        {
            next = Earlier(next, port.Out);
            next = Earlier(next, port.In);
        }

        return next;

        static FrameLane? Earlier(FrameLane? one, FrameLane other) => other.DueUs is { } due && (one is null || due < one.DueUs) ? other : one;
    }

    private sealed class Port(int number, bool isPeer, FrameLane inward, FrameLane outward)
    {
        public int Number => number;

        public bool IsPeer => isPeer;

        public FrameLane In => inward;

        public FrameLane Out => outward;

        public bool IsUp { get; set; } = true;
    }
}
