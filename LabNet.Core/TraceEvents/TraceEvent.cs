using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Core.TraceEvents;

/// <summary>An argument's value.</summary>
/// <param name="Bits">Of a number; without a sign those of 64 bits.</param>
/// <param name="Text">Null of a number.</param>
public readonly record struct TraceValue(TraceValueKind Kind, long Bits, string? Text);

/// <summary>Something that QEMU traced.</summary>
/// <param name="Sequence">Counts the VM's trace events, in the order in which they stood in the log; where only some are kept, numbers are missing.</param>
/// <param name="TimeNs">UTC nanoseconds since 1970.</param>
/// <param name="Values">One for each of the type's arguments.</param>
/// <param name="LatencyNs">Of the request that the event ends; null where it ends none, or the request's begin was not traced.</param>
public sealed record TraceEvent(
    VmName Vm, long Sequence, long TimeNs, TraceThread Thread, TraceEventType Type, ImmutableArray<TraceValue> Values, long? LatencyNs)
{
    internal static TraceEvent Of(VmName vm, TraceRows rows, int row)
    {
        var type = rows.Types[rows.EventOf(row)];
        var values = ImmutableArray.CreateBuilder<TraceValue>(type.Arguments.Length);
        for (var number = 0; number < type.Arguments.Length; number++)
        {
            var (kind, bits) = (type.Arguments[number].Kind, rows.ValueOf(row, number));
            values.Add(kind == TraceValueKind.Text ? new TraceValue(kind, 0, rows.TextOf(bits)) : new TraceValue(kind, bits, Text: null));
        }

        return new TraceEvent(vm, rows.SequenceOf(row), rows.TimeNsOf(row), rows.ThreadOf(row), type, values.MoveToImmutable(), rows.LatencyNsOf(row));
    }
}

/// <summary>Which trace events of one VM are looked for.</summary>
/// <param name="FromNs">The oldest time, itself included.</param>
/// <param name="ToNs">The newest time, itself not included.</param>
/// <param name="Filter">Null for all.</param>
/// <param name="BeforeSequence">Only older ones in the log's order; null to begin with the newest.</param>
public sealed record TraceQuery(VmName Vm, int Limit, long? FromNs = null, long? ToNs = null, TraceFilter? Filter = null, long? BeforeSequence = null);

/// <summary>Up to where a VM's log was taken over.</summary>
/// <param name="Log">The log's number.</param>
/// <param name="Offset">Bytes from its beginning.</param>
/// <param name="NextSequence">The number of the next event.</param>
internal sealed record TracePosition(long Log, long Offset, long NextSequence);

/// <summary>What the trace events take.</summary>
/// <param name="OldestNs">UTC nanoseconds since 1970; null without any.</param>
public sealed record TraceStored(long SizeBytes, long Events, long? OldestNs);
