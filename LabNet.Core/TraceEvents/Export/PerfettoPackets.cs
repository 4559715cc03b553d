using System.Buffers;
using static LabNet.Core.TraceEvents.PerfettoFields;

namespace LabNet.Core.TraceEvents;

/// <summary>A track as it is told once, before its first event.</summary>
/// <param name="Uuid">Its number in the file.</param>
/// <param name="Parent">0 for a track of its own.</param>
/// <param name="Rank">Its place among its parent's tracks; the lowest is on top.</param>
internal readonly record struct PerfettoTrack(ulong Uuid, ulong Parent, string Name, int Rank, bool IsCounter = false);

/// <summary>
/// The packets of a trace, one after the other. All are of one sequence, whose timestamps are UTC nanoseconds: REALTIME is told to be the
/// trace's own clock too, so that nothing is converted and no boot time is made up that another trace of this machine could be joined by.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PerfettoPackets(IBufferWriter<byte> to, int namesMax)
{
    private const ulong Sequence = 1;

    /// <summary>With a dot it is a group of its own in the details, and no argument of QEMU's can have this name.</summary>
    private const string SequenceArgument = "labnet.seq";

    private readonly ProtobufBuffer _packet = new();
    private readonly PerfettoNames _eventNames = new(namesMax);
    private readonly PerfettoNames _argumentNames = new(namesMax);

    /// <summary>Before all other packets.</summary>
    public void WriteClock(long timeNs)
    {
        var packet = BeginPacket(SequenceFlag.Cleared);
        _packet.WriteNumber(InPacket.IsFirstOfSequence, 1);
        var defaults = _packet.Begin(InPacket.Defaults);
        _packet.WriteNumber(InPacket.TimestampClockId, Realtime);
        _packet.End(defaults);
        var snapshot = _packet.Begin(InPacket.ClockSnapshot);
        var clock = _packet.Begin(InClockSnapshot.Clock);
        _packet.WriteNumber(InClock.Id, Realtime);
        _packet.WriteNumber(InClock.Timestamp, Timestamp(timeNs));
        _packet.End(clock);
        _packet.WriteNumber(InClockSnapshot.PrimaryClock, Realtime);
        _packet.End(snapshot);
        EndPacket(packet);
    }

    public void WriteTrack(PerfettoTrack track)
    {
        var packet = BeginPacket(SequenceFlag.NeedsWhatWasTold);
        var descriptor = _packet.Begin(InPacket.TrackDescriptor);
        _packet.WriteNumber(InTrackDescriptor.Uuid, track.Uuid);
        _packet.WriteText(InTrackDescriptor.Name, track.Name);
        if (track.Parent == 0)
        {
            _packet.WriteNumber(InTrackDescriptor.ChildOrdering, ChildrenByRank);
        }
        else
        {
            _packet.WriteNumber(InTrackDescriptor.Parent, track.Parent);
        }

        _packet.WriteNumber(InTrackDescriptor.Rank, (ulong)track.Rank);
        if (track.IsCounter)
        {
            _packet.End(_packet.Begin(InTrackDescriptor.Counter));
        }

        _packet.End(descriptor);
        EndPacket(packet);
    }

    public void WriteCounter(long timeNs, ulong track, long value)
    {
        var (packet, traced) = BeginEvent(timeNs, TrackEventType.Counter, track);
        _packet.WriteNumber(InTrackEvent.CounterValue, (ulong)value);
        EndEvent(packet, traced);
    }

    /// <param name="flow">0 for none.</param>
    public void WriteInstant(TraceEvent traced, ulong track, ulong flow)
    {
        var (packet, message) = BeginEvent(traced.TimeNs, TrackEventType.Instant, track);
        WriteName(InTrackEvent.NameNumber, InTrackEvent.Name, _eventNames, traced.Type.Name);
        WriteFlow(flow);
        WriteArguments(traced, without: []);
        WriteArgument(SequenceArgument, new TraceValue(TraceValueKind.Natural, traced.Sequence, Text: null));
        EndEvent(packet, message);
    }

    /// <summary>A request from its begin to its end.</summary>
    /// <param name="begin">Null where it is not among the events.</param>
    /// <param name="keys">Places of the end's arguments that the begin has too.</param>
    public void WriteSlice(TraceEvent? begin, TraceEvent end, long latencyNs, ReadOnlySpan<int> keys, ulong track, ulong flow)
    {
        var (packet, message) = BeginEvent(end.TimeNs - latencyNs, TrackEventType.SliceBegin, track);
        WriteName(InTrackEvent.NameNumber, InTrackEvent.Name, _eventNames, (begin ?? end).Type.Name);
        WriteFlow(flow);
        if (begin is not null)
        {
            WriteArguments(begin, without: []);
        }

        EndEvent(packet, message);
        (packet, message) = BeginEvent(end.TimeNs, TrackEventType.SliceEnd, track);
        WriteArguments(end, begin is null ? [] : keys);
        EndEvent(packet, message);
    }

    private static ulong Timestamp(long timeNs) => (ulong)Math.Max(0, timeNs);

    private int BeginPacket(ulong flags)
    {
        _packet.Clear();
        var packet = _packet.Begin(Packet);
        _packet.WriteNumber(InPacket.SequenceId, Sequence);
        _packet.WriteNumber(InPacket.SequenceFlags, flags);
        return packet;
    }

    private void EndPacket(int packet)
    {
        _packet.End(packet);
        to.Write(_packet.Written);
    }

    private (int Packet, int Event) BeginEvent(long timeNs, ulong type, ulong track)
    {
        var packet = BeginPacket(SequenceFlag.NeedsWhatWasTold);
        _packet.WriteNumber(InPacket.Timestamp, Timestamp(timeNs));
        var message = _packet.Begin(InPacket.TrackEvent);
        _packet.WriteNumber(InTrackEvent.Type, type);
        _packet.WriteNumber(InTrackEvent.Track, track);
        return (packet, message);
    }

    private void EndEvent(int packet, int message)
    {
        _packet.End(message);
        if (_eventNames.HasUntold || _argumentNames.HasUntold)
        {
            var interned = _packet.Begin(InPacket.InternedData);
            _eventNames.Tell(_packet, InInternedData.EventName);
            _argumentNames.Tell(_packet, InInternedData.AnnotationName);
            _packet.End(interned);
        }

        EndPacket(packet);
    }

    private void WriteFlow(ulong flow)
    {
        if (flow != 0)
        {
            _packet.WriteFixed64(InTrackEvent.FlowId, flow);
        }
    }

    private void WriteArguments(TraceEvent traced, ReadOnlySpan<int> without)
    {
        for (var place = 0; place < traced.Type.Arguments.Length; place++)
        {
            if (!traced.Type.IsRepeated(place) && !without.Contains(place))
            {
                WriteArgument(traced.Type.Arguments[place].Name, traced.Values[place]);
            }
        }
    }

    private void WriteArgument(string name, TraceValue value)
    {
        var annotation = _packet.Begin(InTrackEvent.Annotation);
        WriteName(InAnnotation.NameNumber, InAnnotation.Name, _argumentNames, name);
        switch (value.Kind)
        {
            case TraceValueKind.Text:
                _packet.WriteText(InAnnotation.Text, value.Text ?? "");
                break;
            case TraceValueKind.Number:
                _packet.WriteNumber(InAnnotation.Number, unchecked((ulong)value.Bits));
                break;
            case TraceValueKind.Hex:
                _packet.WriteNumber(InAnnotation.Pointer, unchecked((ulong)value.Bits));
                break;
            default:
                _packet.WriteNumber(InAnnotation.Natural, unchecked((ulong)value.Bits));
                break;
        }

        _packet.End(annotation);
    }

    private void WriteName(int numberField, int nameField, PerfettoNames names, string name)
    {
        if (names.TryNumber(name, out var number))
        {
            _packet.WriteNumber(numberField, number);
        }
        else
        {
            _packet.WriteText(nameField, name);
        }
    }
}
