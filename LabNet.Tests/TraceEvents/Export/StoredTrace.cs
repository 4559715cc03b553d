using System.Text;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>Puts trace events into ring.db as if they had been captured.</summary>
internal static class StoredTrace
{
    /// <summary>One segment. Their numbers go on where the VM's last segment ended; what the events say of VM and number does not count.</summary>
    public static async Task AppendAsync(RingWriter ring, TraceStore store, VmName vm, params TraceEvent[] events)
    {
        var builder = new TraceSegmentBuilder();
        var next = store.ReadPosition(vm)?.NextSequence ?? 1;
        foreach (var traced in events)
        {
            builder.Add(
                next++, traced.TimeNs, traced.Thread, traced.Type,
                [.. traced.Values.Select(value => value.Text is { } text ? builder.Texts.NumberOf(Encoding.UTF8.GetBytes(text)) : value.Bits)], traced.LatencyNs);
        }

        await AppendAsync(ring, store, vm, builder.Build());
    }

    public static async Task AppendAsync(RingWriter ring, TraceStore store, VmName vm, TraceSegment segment)
    {
        await ring.WriteAsync(TraceStore.WriteOf(vm, [segment], growing: null, new TracePosition(1, 0, segment.LastSequence + 1)), TestContext.Current.CancellationToken);
        await ring.FlushAsync(TestContext.Current.CancellationToken);
    }
}
