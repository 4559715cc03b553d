using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

public sealed partial class TraceStore
{
    /// <summary>How long the requests took that an event ended, apart by what one of its arguments says of whom they were.</summary>
    /// <param name="eventName">Of a <see cref="TracePair"/>'s end.</param>
    /// <param name="argument">A number's name; null for all together.</param>
    /// <param name="toNs">Itself not included.</param>
    /// <returns>Without those that ended no request whose latency is known.</returns>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public IReadOnlyList<TraceLatency> ReadLatenciesBy(
        VmName vm, string eventName, string? argument, long fromNs, long toNs, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<long, EventCounts>();
        foreach (var (_, rows) in ReadRows(ReadSegmentExtents(vm, fromNs, toNs).ConvertAll(segment => (vm, segment))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var place = 0; place < rows.Types.Length; place++)
            {
                if (rows.Types[place].Name == eventName)
                {
                    AddRequests(counts, rows, place, argument, fromNs, toNs);
                }
            }
        }

        return [.. counts.Values.Select(one => one.Build(vm, eventName, 1).Latency).OfType<TraceLatency>()];
    }

    private static void AddRequests(Dictionary<long, EventCounts> counts, TraceRows rows, int place, string? argument, long fromNs, long toNs)
    {
        var ofEvent = rows.RowsOf(place);
        var latencies = rows.LatencyColumnOf(place);
        var which = argument is null ? -1 : rows.Types[place].Arguments.Select(one => one.Name).ToList().IndexOf(argument);
        var keys = which < 0 ? [] : rows.ColumnOf(place, which);
        for (var number = 0; number < latencies.Length; number++)
        {
            if (rows.TimeNsOf(ofEvent[number]) is var timeNs && timeNs >= fromNs && timeNs < toNs)
            {
                var key = keys.IsEmpty ? 0 : keys[number];
                if (!counts.TryGetValue(key, out var known))
                {
                    known = new EventCounts();
                    counts[key] = known;
                }

                known.Add(latencies[number]);
            }
        }
    }
}
