using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>What a LabNet that keeps a history knows of the time before a crash.</summary>
public sealed record RecoveryHistory(
    EventRecorder EventRecorder, EventStore Events, MetricRecorder MetricRecorder, MetricStore Metrics, TracePump TracePump, TraceStore Traces);

/// <summary>Gathers what is known of a crash, quickly: the VM waits for it.</summary>
/// <param name="history">Null where none is kept.</param>
public sealed class EvidenceReader(RecoveryHistory? history, TimeProvider time)
{
    /// <summary>What is not written by then is looked for all the same: it may be there.</summary>
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromSeconds(1);

    /// <summary>As often as a VM is measured where somebody looks, with room to spare.</summary>
    private const int SamplesMax = 1000;

    /// <summary>Measured of every VM whose process is known.</summary>
    private const string AlwaysMeasured = "vm_process_cpu";

    public async Task<CrashEvidence> ReadAsync(VmSession vm, CrashSign sign, RecoveryPolicy policy, SnapshotTree tree, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        var (fromNs, toNs) = ((sign.At - CrashEvidence.Before).ToUnixTimeNs(), time.GetUnixTimeNs());
        if (history is not null)
        {
            await CatchUpAsync(history, vm, missing, cancellationToken);
        }

        var head = tree.Head is { } id ? tree.Find(id)?.Name : null;
        return new CrashEvidence(
            ReadConsole(vm),
            Try(() => ReadEvents(vm, toNs), missing, "QEMU's events") ?? [],
            sign.Exit?.Status,
            sign.Exit?.StderrTail ?? "",
            policy,
            head,
            tree.HeadDoubt,
            fromNs,
            toNs,
            Try(() => ReadTraced(vm, fromNs, toNs, cancellationToken), missing, "the trace events") ?? [],
            Try(() => ReadSamples(vm, fromNs, toNs), missing, "the metrics"),
            missing);
    }

    private static byte[]? ReadConsole(VmSession vm)
    {
        if (!vm.HasConsole)
        {
            return null;
        }

        var kept = vm.ReadConsoleKept();
        return kept[Math.Max(0, kept.Length - CrashEvidence.ConsoleBytesMax)..].ToArray();
    }

    /// <summary>All at once: each waits for the same batch of the ring's writer.</summary>
    private async Task CatchUpAsync(RecoveryHistory kept, VmSession vm, List<string> missing, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var all = Task.WhenAll(
            kept.EventRecorder.CatchUpAsync(enough.Token), kept.MetricRecorder.CatchUpAsync(enough.Token), kept.TracePump.CatchUpAsync(vm.State.Name, enough.Token));
        try
        {
            await all.WaitAsync(CatchUpPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            missing.Add($"The newest of what was traced, measured and told was not written within {CatchUpPatience.TotalSeconds:0} s; it may be missing here and is in the history.");
        }
        finally
        {
            await enough.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private EvidenceEvent[] ReadEvents(VmSession vm, long toNs)
    {
        var source = new FeedSource(vm.State.Name.ToString());
        var events = history?.Events.Read(new EventQuery(CrashEvidence.QmpEventsMax, Source: source, Kinds: [EventKind.Qmp, EventKind.Job], ToNs: toNs)) ?? [];
        return [.. events.Reverse().Select(one => new EvidenceEvent(one.TimeNs, one.Name, one.Text, one.Data))];
    }

    private TracedBefore[] ReadTraced(VmSession vm, long fromNs, long toNs, CancellationToken cancellationToken)
    {
        var statistics = history?.Traces.ReadStatistics(new TraceTimelineQuery([vm.State.Name], fromNs, toNs, Bins: 2), cancellationToken) ?? [];
        return [.. statistics.OrderByDescending(one => one.Count).Take(CrashEvidence.TracedMax).Select(one => new TracedBefore(one.Event, one.Count))];
    }

    private long ReadSamples(VmSession vm, long fromNs, long toNs) =>
        history?.Metrics.Read(new MetricQuery(vm.State.Name.ToString(), [AlwaysMeasured], fromNs, toNs, SamplesMax)).Sum(series => series.Points.Sum(point => point.Count)) ?? 0;

    /// <summary>A damaged or busy database keeps no VM from being brought back.</summary>
    private static T? Try<T>(Func<T> read, List<string> missing, string what)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is DatabaseException or DamagedSegmentException)
        {
            missing.Add($"It could not be read what {what} were: {e.Message}");
            return default;
        }
    }
}
