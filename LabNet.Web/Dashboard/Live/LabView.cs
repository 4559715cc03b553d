using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Live;

/// <summary>What a page knows of the lab: its file, and what the feed told so far. What was never told is absent, not "off".</summary>
public sealed record LabView(Lab Lab)
{
    /// <summary>By name; without those whose session has not told its state yet.</summary>
    public ImmutableDictionary<VmName, VmState> Vms { get; init; } = ImmutableDictionary<VmName, VmState>.Empty;

    public ImmutableDictionary<(LinkName Link, HostName Host), LinkStatus> Links { get; init; } =
        ImmutableDictionary<(LinkName Link, HostName Host), LinkStatus>.Empty;

    public ImmutableDictionary<(LinkName Link, VmName From, VmName To), PingMeasured> Pings { get; init; } =
        ImmutableDictionary<(LinkName Link, VmName From, VmName To), PingMeasured>.Empty;

    /// <summary>Per VM those that run, in the order of their start, then the one that ended last.</summary>
    public ImmutableDictionary<VmName, ImmutableArray<Operation>> Operations { get; init; } =
        ImmutableDictionary<VmName, ImmutableArray<Operation>>.Empty;

    /// <summary>Records that this page was too slow for. The states it shows are current all the same.</summary>
    public long RecordsMissed { get; init; }

    /// <summary>When the newest record was published; null before the first.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Whether a page wants the record at all: an event of QEMU changes nothing here.</summary>
    public static bool Wants(FeedRecord record) => record.Item is VmChanged or LinkChanged or PingMeasured or OperationChanged;

    public LabView Apply(FeedRecord record)
    {
        var at = UnixTime.FromUnixTimeNs(record.TimeNs);
        return Apply(record.Item) with { ChangedAt = ChangedAt > at ? ChangedAt : at };
    }

    /// <summary>An operation as it is now, also one that was asked for after a gap.</summary>
    public LabView With(Operation operation)
    {
        if (operation.Vm is not { } vm)
        {
            return this;
        }

        var others = OperationsOf(vm).RemoveAll(o => o.Id == operation.Id);
        var running = others.Where(o => o.State == OperationState.Running);
        var ended = others.Where(o => o.State != OperationState.Running);
        ImmutableArray<Operation> now = operation.State == OperationState.Running
            ? [.. running.Append(operation).OrderBy(o => o.StartedAt), .. ended]
            : [.. running, operation];
        return this with { Operations = Operations.SetItem(vm, now) };
    }

    public VmState? Vm(VmName name) => Vms.GetValueOrDefault(name);

    public ImmutableArray<Operation> OperationsOf(VmName vm) => Operations.TryGetValue(vm, out var operations) ? operations : [];

    public Operation? RunningOperation(VmName vm) => OperationsOf(vm).FirstOrDefault(o => o.State == OperationState.Running);

    public Operation? LastEnded(VmName vm) => OperationsOf(vm).FirstOrDefault(o => o.State != OperationState.Running);

    private LabView Apply(FeedItem item) => item switch
    {
        VmChanged changed => this with { Vms = Vms.SetItem(changed.State.Name, changed.State) },
        LinkChanged changed => this with { Links = Links.SetItem((changed.Status.Link, changed.Status.Host), changed.Status) },
        PingMeasured ping => this with { Pings = Pings.SetItem((ping.Link, ping.From, ping.To), ping) },
        OperationChanged changed => With(changed.Operation),
        FeedGap gap => this with { RecordsMissed = RecordsMissed + gap.Records },
        _ => this,
    };
}
