using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>
/// The door for measuring: a QMP connection of its own, so that neither a slow command delays a sample nor samples a command. An attached VM
/// has one socket, and shares it.
/// </summary>
public sealed partial class VmSession
{
    private const string BalloonPath = $"/machine/peripheral/{QemuCommandLine.BalloonId}";

    /// <summary>Seconds between two times that the guest's balloon driver tells its figures.</summary>
    private static readonly JsonElement BalloonPeriod = JsonElement.Parse("2");

    /// <summary>Nanoseconds, in steps of about two: 10 µs to 1 s.</summary>
    private static readonly long[] LatencyBoundaries =
    [
        10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000,
        200_000_000, 500_000_000, 1_000_000_000,
    ];

    private static readonly QmpCommand<JsonElement> GuestStatistics = QomCommands.Get.With(new QomGetArguments(BalloonPath, "guest-stats"));

    private readonly QmpSession? _metricsQmp;
    private readonly Nudge _readStateAnew = new();
    private readonly Nudge _disksCame = new();
    private bool _differed;
    private object? _metricsEpoch;
    private RefusedHistograms _refused = new(Epoch: null, ImmutableSortedDictionary<string, string>.Empty);

    /// <summary>Another object after each connect and each start: counters of two of them are not to be compared.</summary>
    public object? MetricsEpoch => _metricsQmp is null ? _connection : _metricsEpoch;

    /// <summary>Why some disk's latencies cannot be had as histograms; null if all can.</summary>
    public string? WhyNoHistograms => _metricsQmp is null
        ? "LabNet did not start this QEMU and leaves its settings alone: whoever did can send block-latency-histogram-set."
        : Volatile.Read(ref _refused).Why.Values.FirstOrDefault();

    /// <summary>The QEMU process on this machine; null while there is none, and of an attached VM.</summary>
    public QemuProcess? Process => _process;

    /// <summary>What the guest's balloon driver told last, with the time of that; null where there is no balloon of ours.</summary>
    public QmpCommand<JsonElement>? BalloonQuery => _metricsQmp is null ? null : GuestStatistics;

    /// <summary>Asks for what is to be measured, in one piece.</summary>
    /// <exception cref="QmpException"/>
    public ValueTask<QmpReplies> MeasureAsync(IReadOnlyList<CompleteQmpCommand> queries, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(queries);
        return (_metricsQmp ?? _qmp).ExecuteAsync(queries, cancellationToken);
    }

    /// <summary>
    /// Compares what was measured with what QEMU's events made of the state. An event can be missing, or on its way: what differs twice in a
    /// row is asked again.
    /// </summary>
    internal void Compare(StatusInfo status, JobInfo[] jobs)
    {
        var state = _state;
        var differs = state is { Connection: QmpLinkState.Connected, RunState: not null }
            && (state.RunState != status.Status || !state.Jobs.Select(StandingOf).SequenceEqual(jobs.Select(StandingOf)));
        if (differs && _differed)
        {
            _readStateAnew.Give();
        }
        else if (!differs && !state.Jobs.AsSpan().SequenceEqual(jobs))
        {
            Apply(new VmEvent.JobsRead([.. jobs]));
        }

        _differed = differs && !_differed;
    }

    private static (string Id, string Status) StandingOf(JobInfo job) => (job.Id, job.Status);

    private async Task ReadStateAnewLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _readStateAnew.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            _services.Feed.Publish(_source, new VmHappened(new EventNote(
                EventKind.Gap, "state-read-anew", "QEMU's run state or jobs are others than its events had told; they were read anew.")));
            try
            {
                await ReadStateAtLastAsync(cancellationToken);
            }
            catch (QmpException e)
            {
                LogNotRead(_state.Name, e.Message);
            }
        }
    }

    /// <summary>QEMU counts latencies in histograms only where it was asked to, and forgets that with the disk: of those that were plugged in it is asked anew.</summary>
    internal void LookAtDisks(IEnumerable<BlockStats> disks)
    {
        if (_metricsQmp is not null && disks.Any(WantsHistogram))
        {
            _disksCame.Give();
        }
    }

    private bool WantsHistogram(BlockStats disk) =>
        disk is { Qdev: { } path, Stats.RdLatencyHistogram: null } && !Volatile.Read(ref _refused).Has(_metricsEpoch, path);

    private async Task MetricsLoopAsync(CancellationToken cancellationToken)
    {
        if (_metricsQmp is null)
        {
            return;
        }

        await foreach (var signal in _metricsQmp.ReadSignalsAsync(CancellationToken.None))
        {
            if (signal is QmpSignal.Connected && !cancellationToken.IsCancellationRequested)
            {
                await AskForGuestStatisticsAsync(_metricsQmp, cancellationToken);
                _metricsEpoch = signal;
                _disksCame.Give();
            }
        }
    }

    /// <summary>Where QEMU refuses, the figures are missing and nothing else.</summary>
    private async Task AskForGuestStatisticsAsync(QmpSession qmp, CancellationToken cancellationToken)
    {
        try
        {
            await qmp.ExecuteAsync(QomCommands.Set, new QomSetArguments(BalloonPath, "guest-stats-polling-interval", BalloonPeriod), cancellationToken);
        }
        catch (QmpException e)
        {
            LogNotRead(_state.Name, e.Message);
        }
    }

    private async Task HistogramsLoopAsync(CancellationToken cancellationToken)
    {
        while (_metricsQmp is not null)
        {
            await _disksCame.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            try
            {
                await SetHistogramsAsync(_metricsQmp, cancellationToken);
            }
            catch (QmpException e)
            {
                // The connection is gone; the next one begins with all disks.
                LogNotRead(_state.Name, e.Message);
            }
        }
    }

    /// <summary>A disk that has its histogram keeps it: setting it again would begin its counts anew.</summary>
    private async Task SetHistogramsAsync(QmpSession qmp, CancellationToken cancellationToken)
    {
        var epoch = _metricsEpoch;
        var refused = _refused.Epoch == epoch ? _refused.Why : ImmutableSortedDictionary<string, string>.Empty;
        foreach (var path in (await qmp.ExecuteAsync(BlockCommands.QueryBlockstats, cancellationToken)).Where(WantsHistogram).Select(disk => disk.Qdev!))
        {
            try
            {
                await qmp.ExecuteAsync(BlockCommands.SetLatencyHistogram, new HistogramArguments(path, LatencyBoundaries), cancellationToken);
            }
            catch (QmpCommandException e)
            {
                refused = refused.SetItem(path, e.Message);
            }
        }

        Volatile.Write(ref _refused, new RefusedHistograms(epoch, refused));
    }

    /// <param name="Epoch">Of which connection; another QEMU may not refuse.</param>
    /// <param name="Why">By the disk's path.</param>
    private sealed record RefusedHistograms(object? Epoch, ImmutableSortedDictionary<string, string> Why)
    {
        public bool Has(object? epoch, string path) => ReferenceEquals(Epoch, epoch) && Why.ContainsKey(path);
    }
}
