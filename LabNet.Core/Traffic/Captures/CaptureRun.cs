using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Traffic;

/// <summary>A capture while it goes on: one loop for all its NICs.</summary>
internal sealed partial class CaptureRun : IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly CaptureStore _store;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<Capture> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<CapturePartRun> _parts;
    private Capture _capture;
    private bool _stopAsked;
    private long _lookedAt;
    private long _told;

    /// <exception cref="IOException"/>
    public CaptureRun(Capture capture, string folder, Func<VmName, VmSession> vmOf, CaptureStore store, LiveFeed feed, TimeProvider time, ILogger logger)
    {
        (_capture, _store, _feed, _time, _logger) = (capture, store, feed, time, logger);
        var filter = CaptureFilter.TryParse(capture.Filter, out var parsed, out _) ? parsed : CaptureFilter.All;
        _parts = [.. capture.Parts.Select((part, number) => new CapturePartRun(vmOf(part.Nic.Vm), part, filter, folder, number))];
        _lookedAt = time.GetTimestamp();
        Gather();
    }

    public Capture Capture => Volatile.Read(ref _capture);

    /// <summary>Ends with the capture.</summary>
    public Task<Capture> Ended => _ended.Task;

    /// <summary>Lets QEMU begin on all NICs, or on none.</summary>
    /// <exception cref="VmConflictException"/>
    /// <exception cref="QmpException"/>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var part in _parts)
            {
                await part.BeginAsync(cancellationToken);
            }
        }
        catch
        {
            foreach (var part in _parts)
            {
                await part.ReleaseAsync(_time, CancellationToken.None);
                part.End(CaptureEnd.Failed);
            }

            throw;
        }
    }

    /// <summary>It ends at its next glance.</summary>
    public void Stop() => Volatile.Write(ref _stopAsked, true);

    /// <summary>Runs until the capture ends; cancelled, it leaves it to the next LabNet.</summary>
    public async Task RunLoopAsync(CancellationToken cancellationToken)
    {
        try
        {
            CaptureEnd? end;
            while ((end = await StepAsync(cancellationToken)) is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            await FinishAsync(end.Value, problem: null, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ended.TrySetCanceled(cancellationToken);
        }
        catch (Exception e)
        {
            LogFault(e, Capture.Id);
            await FinishAsync(CaptureEnd.Failed, $"The packets could not be kept: {e.Message}", cancellationToken);
        }
    }

    public void Dispose() => _parts.ForEach(part => part.Dispose());

    /// <returns>How the capture ended; null if it goes on.</returns>
    private async Task<CaptureEnd?> StepAsync(CancellationToken cancellationToken)
    {
        var (hasMore, isFull) = TakeAll(untilNs: Capture.EndsAt?.ToUnixTimeNs());
        Gather();
        if (isFull)
        {
            return CaptureEnd.Size;
        }

        if (Volatile.Read(ref _stopAsked))
        {
            return CaptureEnd.Asked;
        }

        if (Capture.EndsAt <= _time.GetUtcNow())
        {
            return CaptureEnd.Time;
        }

        if (_time.GetElapsedTime(_lookedAt) >= LookPeriod)
        {
            _lookedAt = _time.GetTimestamp();
            await LookAsync(cancellationToken);
            Tell();
        }

        if (_parts.TrueForAll(part => part.Part.End is not null))
        {
            return _parts[^1].Part.End;
        }

        if (!hasMore)
        {
            var left = Capture.EndsAt - _time.GetUtcNow() ?? Glance;
            await Task.Delay(left < Glance && left > TimeSpan.Zero ? left : Glance, _time, cancellationToken);
        }

        return null;
    }

    private (bool HasMore, bool IsFull) TakeAll(long? untilNs)
    {
        var (hasMore, room) = (false, Capture.MaxBytes - _parts.Sum(part => part.Part.Bytes));
        foreach (var part in _parts.Where(part => part.Part.End is null))
        {
            hasMore |= part.Take(ref room, untilNs, out var isFull);
            if (isFull)
            {
                return (false, true);
            }
        }

        return (hasMore, false);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var part in _parts.Where(part => part.Part.End is null))
        {
            try
            {
                if (await part.LookAsync(cancellationToken) is { } end)
                {
                    TakeRest();
                    await part.ReleaseAsync(_time, cancellationToken);
                    part.End(end);
                }
            }
            catch (Exception e) when (e is QmpException or VmConflictException)
            {
                // It is looked at again.
                LogNotLooked(Capture.Id, e.Message);
            }
        }
    }

    private void TakeRest()
    {
        while (TakeAll(Capture.EndsAt?.ToUnixTimeNs()).HasMore)
        {
        }
    }

    private async Task FinishAsync(CaptureEnd end, string? problem, CancellationToken cancellationToken)
    {
        try
        {
            var endedAt = _time.GetUtcNow();
            foreach (var part in _parts.Where(part => part.Part.End is null))
            {
                await part.ReleaseAsync(_time, cancellationToken);
            }

            if (end is CaptureEnd.Asked or CaptureEnd.Time)
            {
                TakeRest();
            }

            foreach (var part in _parts.Where(part => part.Part.End is null))
            {
                part.End(end);
            }

            Gather();
            Volatile.Write(ref _capture, Capture with { End = end, EndedAt = end == CaptureEnd.Time ? Capture.EndsAt : endedAt, Problem = problem });
            await SaveAsync();
            _feed.Publish(FeedSource.Lab, new CaptureChanged(Capture, CaptureStep.Ended));
            _ended.TrySetResult(Capture);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ended.TrySetCanceled(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogFault(e, Capture.Id);
            Volatile.Write(ref _capture, Capture with { End = CaptureEnd.Failed, EndedAt = _time.GetUtcNow(), Problem = e.Message });
            await SaveAsync();
            _ended.TrySetResult(Capture);
        }
    }

    private async Task SaveAsync()
    {
        try
        {
            await _store.SaveAsync(Capture, CancellationToken.None);
        }
        catch (DatabaseException e)
        {
            // The next LabNet finds it running, and its NICs without it.
            LogNotSaved(Capture.Id, e.Message);
        }
    }

    private void Gather() => Volatile.Write(ref _capture, _capture with { Parts = [.. _parts.Select(part => part.Part)] });

    /// <summary>At most once a second, and only what is new.</summary>
    private void Tell()
    {
        var seen = Capture.Parts.Sum(part => part.Packets + part.FilteredOut + part.Gaps);
        if (seen != _told)
        {
            _told = seen;
            _feed.Publish(FeedSource.Lab, new CaptureChanged(Capture, CaptureStep.WentOn));
        }
    }

    [LoggerMessage(3611, LogLevel.Error, "Capture {Id} failed")]
    private partial void LogFault(Exception exception, string id);

    [LoggerMessage(3612, LogLevel.Warning, "Capture {Id} could not be looked at: {Reason}")]
    private partial void LogNotLooked(string id, string reason);

    [LoggerMessage(3613, LogLevel.Error, "The end of capture {Id} could not be written to lab.db: {Reason}")]
    private partial void LogNotSaved(string id, string reason);
}
