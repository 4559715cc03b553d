using System.Buffers;

namespace LabNet.Core.Traffic;

/// <summary>
/// One direction of one port. Without an impairment a frame passes at once; with one it is lost, doubled or held until its time. What is
/// random is drawn for each frame, four numbers each, so that the same frames with the same seed have the same fate.
/// </summary>
/// <remarks>Times are microseconds of one clock, which the caller reads. Not thread-safe.</remarks>
internal sealed class FrameLane(string name, int frameBytesMax, FrameLane.Pass pass)
{
    /// <summary>Where a frame goes on.</summary>
    /// <param name="atUs">When it does.</param>
    /// <returns>Whether there was room for it.</returns>
    public delegate bool Pass(ReadOnlySpan<byte> frame, long atUs);

    /// <summary>An Ethernet header.</summary>
    public const int FrameBytesMin = 14;

    /// <summary>Together a second of 100 Mbit/s, whatever the frames' size; more would be memory for a delay that nobody asks for.</summary>
    public const int HeldFramesMax = 10_000;
    public const int HeldBytesMax = 16 * 1024 * 1024;

    /// <summary>What waits longer for a slow link's turn is dropped, as by tbf with this latency: an endless queue would be a delay without end.</summary>
    private const long TurnUsMax = 400_000;

    /// <summary>A reordered frame comes so much later, and those behind it do not wait.</summary>
    private const long OvertakenUs = 10_000;

    private readonly PriorityQueue<Held, (long DueUs, long Number)> _held = new();
    private Impairment? _impairment;
    private FrameDice _dice;
    private long _endsAtUs;
    private long _turnUs;
    private long _lastDueUs;
    private long _number;
    private int _heldBytes;
    private LaneCounters _counters;

    public LaneCounters Counters => _counters;

    /// <summary>Frames that wait for their time.</summary>
    public int HeldFrames => _held.Count;

    /// <summary>Null while frames pass as they come.</summary>
    public Impairment? Impairment => _impairment;

    /// <summary>When something is to be done here next; null for nothing.</summary>
    public long? DueUs => (_held.TryPeek(out _, out var first), _impairment) switch
    {
        (true, null) => first.DueUs,
        (true, _) => Math.Min(first.DueUs, _endsAtUs),
        (false, null) => null,
        (false, _) => _endsAtUs,
    };

    /// <summary>From now on. What is held already keeps its time.</summary>
    public void Impair(Impairment what, ulong seed, long untilUs)
    {
        _impairment = what;
        _dice = new FrameDice(seed, name);
        _endsAtUs = untilUs;
        _turnUs = 0;
    }

    /// <summary>What is held goes on at once, in its order.</summary>
    public void Lift(long nowUs)
    {
        _impairment = null;
        _lastDueUs = 0;
        while (_held.Count > 0)
        {
            Release(nowUs);
        }
    }

    public void Take(ReadOnlySpan<byte> frame, long nowUs)
    {
        _counters = _counters with { Frames = _counters.Frames + 1, Bytes = _counters.Bytes + frame.Length };
        if (frame.Length < FrameBytesMin || frame.Length > frameBytesMax)
        {
            _counters = _counters with { Refused = _counters.Refused + 1 };
        }
        else if (_impairment is null)
        {
            PassOn(frame, nowUs);
        }
        else
        {
            Impair(_impairment, frame, nowUs);
        }
    }

    /// <summary>Does what is due first: a frame goes on, or the impairment ends.</summary>
    public void Advance()
    {
        if (_impairment is not null && DueUs == _endsAtUs)
        {
            Lift(_endsAtUs);
        }
        else if (_held.TryPeek(out _, out var first))
        {
            Release(first.DueUs);
        }
    }

    private void Impair(Impairment what, ReadOnlySpan<byte> frame, long nowUs)
    {
        var (loss, duplicate, reorder, jitter) = (_dice.Next(), _dice.Next(), _dice.Next(), _dice.Next());
        if (loss < what.LossPercent / 100)
        {
            _counters = _counters with { Lost = _counters.Lost + 1 };
            return;
        }

        if (TurnOf(frame.Length, what.RateKbit, nowUs) is not { } turnUs)
        {
            _counters = _counters with { Overflowed = _counters.Overflowed + 1 };
            return;
        }

        var delayUs = Math.Max(0, ((what.DelayMs ?? 0) + ((what.JitterMs ?? 0) * ((2 * jitter) - 1))) * 1000);
        var dueUs = Math.Max(turnUs + (long)delayUs, _lastDueUs);
        if (reorder < what.ReorderPercent / 100)
        {
            dueUs += OvertakenUs;
        }
        else
        {
            // Jitter alone changes no order.
            _lastDueUs = dueUs;
        }

        Hold(frame, dueUs, nowUs);
        if (duplicate < what.DuplicatePercent / 100)
        {
            _counters = _counters with { Duplicated = _counters.Duplicated + 1 };
            Hold(frame, dueUs, nowUs);
        }
    }

    /// <summary>When the frame has gone out at the rate; null if it would wait too long.</summary>
    private long? TurnOf(int bytes, long? rateKbit, long nowUs)
    {
        if (rateKbit is not { } rate)
        {
            return nowUs;
        }

        var begins = Math.Max(nowUs, _turnUs);
        if (begins - nowUs > TurnUsMax)
        {
            return null;
        }

        _turnUs = begins + Math.Max(1, bytes * 8L * 1000 / rate);
        return _turnUs;
    }

    private void Hold(ReadOnlySpan<byte> frame, long dueUs, long nowUs)
    {
        if (dueUs <= nowUs && !(_held.TryPeek(out _, out var first) && first.DueUs <= dueUs))
        {
            PassOn(frame, nowUs);
            return;
        }

        if (_held.Count >= HeldFramesMax || _heldBytes + frame.Length > HeldBytesMax)
        {
            _counters = _counters with { Overflowed = _counters.Overflowed + 1 };
            return;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(frame.Length);
        frame.CopyTo(bytes);
        _heldBytes += frame.Length;
        _held.Enqueue(new Held(bytes, frame.Length), (dueUs, _number++));
    }

    private void Release(long atUs)
    {
        var held = _held.Dequeue();
        _heldBytes -= held.Length;
        PassOn(held.Bytes.AsSpan(0, held.Length), atUs);
        ArrayPool<byte>.Shared.Return(held.Bytes);
    }

    private void PassOn(ReadOnlySpan<byte> frame, long atUs) => _counters = pass(frame, atUs)
        ? _counters with { Passed = _counters.Passed + 1, PassedBytes = _counters.PassedBytes + frame.Length }
        : _counters with { Overflowed = _counters.Overflowed + 1 };

    private readonly record struct Held(byte[] Bytes, int Length);
}
