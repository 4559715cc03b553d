using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Web.Hubs;

/// <summary>One watcher of the feed: the states as they are, then what happens. A slow one gets gaps; nobody waits for it.</summary>
internal sealed class FeedWatch
{
    /// <summary>Records that may wait for a slow watcher: some seconds of a lab.</summary>
    private const int WaitingMax = 256;

    private static readonly string[] Kinds = ["vm", "metrics", "qmpEvent", "operation", "incident", "fault", "chaosRun", "trafficRun", "link", "ping", "pathMtu", "flows", "capture", "snapshot", "traceBatch", "event", "gap"];

    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly HashSet<string>? _vms;
    private readonly HashSet<string>? _kinds;
    private readonly HashSet<string>? _metrics;
    private readonly Dictionary<FeedSource, Series> _told = [];

    /// <exception cref="BadInputException">The filter names something that is not there.</exception>
    public FeedWatch(WatchFilter filter, Lab lab, LiveFeed feed, TimeProvider time)
    {
        (_feed, _time) = (feed, time);
        _vms = Checked(filter.Vms, "VM", lab.Vms.Select(vm => vm.Name.ToString()));
        _kinds = Checked(filter.Kinds, "kind", Kinds);
        _metrics = filter.Metrics?.ToHashSet(StringComparer.Ordinal);
        var unknown = filter.Metrics?.FirstOrDefault(name => MetricCatalogue.Find(name) is null && !MetricKey.TryParse(name, out _));
        MeasuredVms = !filter.Fast ? [] : [.. lab.Vms.Select(vm => vm.Name).Where(vm => _vms?.Contains(vm.ToString()) != false)];
        if (unknown is not null)
        {
            throw new BadInputException($"There is no metric \"{unknown}\". /metrics has all of them.");
        }
    }

    /// <summary>The VMs that this one wants to have measured fast.</summary>
    public IReadOnlyList<VmName> MeasuredVms { get; }

    public async IAsyncEnumerable<WatchMessage> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var subscription = _feed.Subscribe(Wants, WaitingMax);
        foreach (var record in subscription.Snapshot)
        {
            if (Of(record) is { } message)
            {
                yield return message;
            }
        }

        await foreach (var record in subscription.ReadAllAsync(cancellationToken))
        {
            if (Of(record) is { } message)
            {
                yield return message;
            }
        }
    }

    private bool Wants(FeedRecord record) =>
        (_vms is null || record.Source == FeedSource.Lab || _vms.Contains(record.Source.Name)) && (_kinds is null || _kinds.Contains(KindOf(record.Item)));

    private static string KindOf(FeedItem item) => item switch
    {
        VmChanged => "vm",
        MetricsSampled => "metrics",
        QmpEventSeen => "qmpEvent",
        OperationChanged => "operation",
        IncidentChanged => "incident",
        ChaosRunChanged => "chaosRun",
        TrafficRunChanged => "trafficRun",
        FaultChanged => "fault",
        LinkChanged => "link",
        PingMeasured => "ping",
        PathMtuMeasured => "pathMtu",
        FlowsChanged => "flows",
        CaptureChanged => "capture",
        SnapshotsChanged => "snapshot",
        TraceEventsSeen => "traceBatch",
        FeedGap => "gap",
        _ => "event",
    };

    /// <summary>Null for what has nothing to say.</summary>
    private WatchMessage? Of(FeedRecord record)
    {
        var message = new WatchMessage(
            KindOf(record.Item), record.Source == FeedSource.Lab ? null : record.Source.Name, record.Sequence, UnixTime.FromUnixTimeNs(record.TimeNs));
        return record.Item switch
        {
            VmChanged { State: var state } => message with { State = VmContract.Of(state, _time.GetUtcNow()) },
            MetricsSampled { Sample: var sample } => Of(message, record.Source, sample),
            OperationChanged { Operation: var operation } => message with { Operation = OperationContract.Of(operation) },
            IncidentChanged { Incident: var incident } => message with { Incident = IncidentContract.Of(incident) },
            TrafficRunChanged { Run: var run } => message with { TrafficRun = TrafficRunContract.Of(run, withPackets: false) },
            ChaosRunChanged changed => message with { ChaosRun = ChaosRunContract.Of(changed.Run), ChaosLine = changed.Line is { } line ? ChaosLineContract.Of(line) : null },
            FaultChanged { Fault: var fault } => message with { Fault = FaultContract.Of(fault) },
            LinkChanged { Status: var status } => message with { Link = LinkHostContract.Of(status) },
            PingMeasured ping => message with { Ping = PingContract.Of(ping) },
            PathMtuMeasured mtu => message with { PathMtu = WatchPathMtu.Of(mtu) },
            FlowsChanged flows => message with { Flows = WatchFlows.Of(flows) },
            CaptureChanged { Capture: var capture, Step: var step } => message with { Capture = WatchCapture.Of(capture, step) },
            SnapshotsChanged { Tree: var tree } => message with { Snapshots = WatchSnapshots.Of(tree) },
            TraceEventsSeen seen => message with { Trace = WatchTrace.Of(seen) },
            FeedGap gap => message with { Gap = new WatchGap(gap.FirstSequence, gap.LastSequence, gap.Records) },
            _ => LabEvent.Of(record) is { } e ? message with { Event = EventContract.Of(e) } : null,
        };
    }

    private WatchMessage Of(WatchMessage message, FeedSource source, MetricSample sample)
    {
        var isNew = !_told.TryGetValue(source, out var series) || !ReferenceEquals(series.Layout, sample.Layout);
        var tellsWhy = isNew || !series!.Missing.SequenceEqual(sample.Missing);
        if (tellsWhy)
        {
            _told[source] = series = isNew ? Series.Of(sample, _metrics) : series! with { Missing = sample.Missing };
        }

        return message with
        {
            Time = UnixTime.FromUnixTimeNs(sample.TimeNs),
            Names = isNew ? series!.Names : null,
            Missing = tellsWhy ? sample.Missing : null,
            Values = Array.ConvertAll(series!.Places, place => double.IsNaN(sample.Values[place]) ? (double?)null : sample.Values[place]),
        };
    }

    private static HashSet<string>? Checked(IReadOnlyList<string>? given, string what, IEnumerable<string> known)
    {
        var all = known.ToList();
        return given?.FirstOrDefault(name => !all.Contains(name)) is { } unknown
            ? throw new BadInputException($"There is no {what} \"{unknown}\"; there are {string.Join(", ", all)}.")
            : given?.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Which of a layout's values go out.</summary>
    /// <param name="Missing">As it was told last.</param>
    private sealed record Series(MetricLayout Layout, string[] Names, int[] Places, ImmutableSortedDictionary<string, string> Missing)
    {
        public static Series Of(MetricSample sample, HashSet<string>? wanted)
        {
            var layout = sample.Layout;
            int[] places = [.. Enumerable.Range(0, layout.Keys.Length).Where(place => IsWanted(layout.Keys[place]))];
            return new Series(layout, Array.ConvertAll(places, place => layout.Keys[place].ToString()), places, sample.Missing);

            bool IsWanted(MetricKey key) => wanted is null || wanted.Contains(key.Definition.Name) || wanted.Contains(key.ToString());
        }
    }
}
