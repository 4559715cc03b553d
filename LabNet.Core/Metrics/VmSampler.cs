using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Metrics;

/// <summary>Measures one VM on a steady grid of time, and tells the feed. Nothing that it asks is asked twice at a time.</summary>
internal sealed partial class VmSampler
{
    private const int FastPerSecond = 10;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Fast = Slow / FastPerSecond;
    private static readonly TimeSpan GuestPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GuestPeriodSeen = TimeSpan.FromSeconds(2);

    /// <summary>Less than that nobody sees in a chart.</summary>
    private static readonly TimeSpan GapAtLeast = TimeSpan.FromSeconds(3);

    private readonly VmSession _session;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly PumpMeter _meter;
    private readonly ILogger _logger;
    private readonly FeedSource _source;
    private readonly SampleBuilder _sample;
    private readonly QemuReader _qemu;
    private readonly QemuFigures _qemuFigures;
    private readonly HostFigures _hostFigures;
    private readonly GuestReader _guest;
    private readonly GuestFigures _guestFigures;
    private readonly Lock _sync = new();
    private TaskCompletionSource _lookChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<QemuReading>? _asking;
    private IReadOnlyList<CpuInfoFast> _cpus = [];
    private object? _epoch;
    private string? _toldFailure;
    private int _viewers;

    public VmSampler(VmSession session, Lab lab, LiveFeed feed, TimeProvider time, PumpMeter meter, ILogger logger)
    {
        (_session, _feed, _time, _meter, _logger) = (session, feed, time, meter, logger);
        var (vm, names) = (session.State.Definition, InterfaceNames.Of(lab));
        _source = new FeedSource(vm.Name.ToString());
        _sample = new SampleBuilder(time);
        _qemu = new QemuReader(session, time);
        _qemuFigures = new QemuFigures(_sample);
        _hostFigures = new HostFigures(_sample, session.Host, time, [.. vm.Nics.OfType<LinkNic>().Select(nic => (nic.Id.ToString(), names.Tap(vm.Name, nic.Id)))]);
        _guest = new GuestReader(session, time);
        _guestFigures = new GuestFigures(_sample, vm);
    }

    /// <summary>Somebody begins to look, or ends.</summary>
    public void Look(int more)
    {
        lock (_sync)
        {
            var wasSeen = _viewers > 0;
            _viewers += more;
            if (wasSeen == _viewers > 0)
            {
                return;
            }

            _lookChanged.TrySetResult();
            _lookChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <param name="phase">How far into each second this VM's turn is, so that not all have theirs at once.</param>
    public async Task SampleLoopAsync(TimeSpan phase, CancellationToken cancellationToken)
    {
        await Task.Delay(phase, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var due = _time.GetTimestamp();
        for (var turn = 0L; !cancellationToken.IsCancellationRequested; turn++)
        {
            var (period, lookChanged) = Look();
            try
            {
                await SampleAsync(isFull: period == Slow || turn % FastPerSecond == 0, period, due, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                TellFailure(e);
            }

            due = await WaitForTurnAsync(due, period, lookChanged, cancellationToken);
        }

        await EndAsync();
    }

    /// <summary>How often to measure now, and the end of that.</summary>
    private (TimeSpan Period, Task Changed) Look()
    {
        lock (_sync)
        {
            return (_viewers > 0 ? Fast : Slow, _lookChanged.Task);
        }
    }

    /// <summary>Turns that are over already are left out and counted, not caught up.</summary>
    /// <returns>The timestamp of the next turn.</returns>
    private async Task<long> WaitForTurnAsync(long due, TimeSpan period, Task lookChanged, CancellationToken cancellationToken)
    {
        var elapsed = _time.GetElapsedTime(due);
        var turns = Math.Max(1, (long)Math.Ceiling(elapsed / period));
        _meter.Skipped(turns - 1);
        if (elapsed >= GapAtLeast)
        {
            // The process was stopped, or the machine had no time for it.
            _feed.Publish(_source, new VmHappened(new EventNote(
                EventKind.Gap, "not-measured", $"{turns - 1} samples are missing here: LabNet did not come to measuring for {elapsed.TotalSeconds:0} s.")));
        }

        await lookChanged.WaitAsync((turns * period) - elapsed, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return lookChanged.IsCompleted ? _time.GetTimestamp() : due + (long)(turns * period.TotalSeconds * _time.TimestampFrequency);
    }

    private async Task SampleAsync(bool isFull, TimeSpan period, long due, CancellationToken cancellationToken)
    {
        if (!_session.State.IsThere || _session.State.Connection is not QmpLinkState.Connected || _session.MetricsEpoch is null)
        {
            return;
        }

        var began = _time.GetTimestamp();
        _sample.Begin();
        var reading = await AskQemuAsync(isFull, period, cancellationToken);
        if (reading is not null)
        {
            TakeEpoch(reading);
            _cpus = reading.Cpus;
            _qemuFigures.Write(reading, _time.GetUtcNow());
            _session.LookAtDisks(reading.Blocks);
            if (reading.Full is { } full)
            {
                _session.Compare(full.Status, full.Jobs);
            }
        }

        _sample.Missing("qemu", reading is null ? "QEMU has not answered yet; it may be busy with a snapshot." : null);
        _sample.Missing("histograms", _session.WhyNoHistograms);
        _hostFigures.Write(_session.Process, _cpus, _session.State.Plugged);
        if (_guest.Take(period == Fast ? GuestPeriodSeen : GuestPeriod, cancellationToken) is { } measured)
        {
            _guestFigures.Write(measured, _session.State.Plugged);
        }

        _sample.Missing("guest", _guest.WhyNot);
        _feed.Publish(_source, new MetricsSampled(_sample.Build(_time.GetUnixTimeNs())));
        if (reading?.Full is not null && _qemu.PciHasChanged)
        {
            _feed.Publish(_source, new PciChanged());
        }

        _meter.Sampled(_time.GetElapsedTime(due, began), _time.GetElapsedTime(began));
        _toldFailure = null;
    }

    /// <summary>
    /// Waits for most of the period. A QEMU that needs longer is waited for by the samples that follow, which have what the host knows: a
    /// snapshot stops QEMU's main loop for seconds.
    /// </summary>
    private async Task<QemuReading?> AskQemuAsync(bool isFull, TimeSpan period, CancellationToken cancellationToken)
    {
        _asking ??= _qemu.ReadAsync(isFull, cancellationToken);
        await ((Task)_asking).WaitAsync(period * 0.8, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_asking.IsCompleted)
        {
            return null;
        }

        var done = _asking;
        _asking = null;
        try
        {
            return await done;
        }
        catch (QmpException)
        {
            // The connection is gone, which the state tells, or an answer was never given.
            return null;
        }
    }

    private void TakeEpoch(QemuReading reading)
    {
        if (!ReferenceEquals(_epoch, reading.Epoch))
        {
            _epoch = reading.Epoch;
            _sample.Forget();
            _qemuFigures.Forget();
        }
    }

    private async Task EndAsync()
    {
        if (_asking is { } asking)
        {
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _guest.EndAsync();
    }

    private void TellFailure(Exception e)
    {
        if (_toldFailure != e.Message)
        {
            _toldFailure = e.Message;
            LogFailed(e, _source.Name);
        }
    }

    [LoggerMessage(6001, LogLevel.Error, "{Vm} could not be measured; it is tried again")]
    private partial void LogFailed(Exception exception, string vm);
}
