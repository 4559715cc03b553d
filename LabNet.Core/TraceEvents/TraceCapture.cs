using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Takes over one VM's trace logs, oldest first: reads, packs, hands the segments to the ring's writer together with the place up to which
/// the log is in them, and removes a log when its end is in the database. What LabNet did not get to, the next one goes on with.
/// </summary>
internal sealed partial class TraceCapture(VmSession vm, LiveFeed feed, TraceStore store, RingWriter ring, TraceCatalogue catalogue, TimeProvider time, ILogger logger)
{
    /// <summary>Less would never be a whole line; more would push out of the processor's caches what the events are gathered in.</summary>
    private const int ReadBytes = TraceLogReader.LineBytesMax;

    /// <summary>What was read is written at the latest then.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(200);

    /// <summary>A segment that grows slowly is ended, so that looking for a time skips the others.</summary>
    private static readonly TimeSpan GrowFor = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LetGoPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LetGoPatience = TimeSpan.FromSeconds(5);

    private readonly TraceIntake _intake = new(vm.State.Name, catalogue);
    private readonly TraceSurroundings _surroundings = new(vm, time);
    private readonly byte[] _buffer = new byte[ReadBytes];
    private TracePosition _position = new(0, 0, 1);
    private TracePosition _written = new(0, 0, 1);
    private FileStream? _log;
    private long _takenAt = time.GetTimestamp();
    private long _finishedAt = time.GetTimestamp();
    private TraceEventsSeen _told = new(0, 0, 0, 0, 0, IsFull: false, TimesFull: 0);

    /// <summary>The newest events, for whoever looks.</summary>
    public TraceTail Tail => _intake.Tail;

    public async Task CaptureLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await BeginAsync(cancellationToken);
                while (true)
                {
                    await Task.Delay(await StepAsync(cancellationToken), time, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                LogFault(e, vm.State.Name.ToString());
                Close();
                await Task.Delay(FaultPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Close();
    }

    /// <summary>What was read and not handed on is read again; what is on its way into the database is not.</summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await ring.WriteAsync(TraceStore.EndGrowing(vm.State.Name), cancellationToken);
        await ring.FlushAsync(cancellationToken);
        _position = _written = store.ReadPosition(vm.State.Name) ?? new TracePosition(0, 0, 1);
        _intake.Restart(_position.NextSequence);
    }

    /// <returns>How long to wait for more.</returns>
    private async Task<TimeSpan> StepAsync(CancellationToken cancellationToken)
    {
        var asked = _awaited.Count;
        if (_log is null && !OpenNext())
        {
            await AnswerAsync(asked, cancellationToken);
            return Idle;
        }

        await _surroundings.LookAsync(_intake.Reader, cancellationToken);
        _intake.Follow(vm.State.TraceSwitches);
        while (await ReadOnAsync(isEnd: false, cancellationToken))
        {
            // A burst is shown while it lasts.
            Tell();
        }

        if (Host.ReadTraceLogs(vm.Paths) is [.., var newest] && newest > _position.Log)
        {
            await EndLogAsync(cancellationToken);
            return TimeSpan.Zero;
        }

        await HandOnIfDueAsync(cancellationToken);
        await AnswerAsync(asked, cancellationToken);
        Tell();
        if (_position.Offset >= Host.TraceLogBytes(vm.Paths) && vm.State.Connection is QmpLinkState.Connected)
        {
            await BeginNextAsync(cancellationToken);
            return TimeSpan.Zero;
        }

        return _written != _position || vm.State.TraceSwitches.Length > 0 ? Glance : Idle;
    }

    /// <summary>The log that was being read, or the next one after it.</summary>
    private bool OpenNext()
    {
        var next = Host.ReadTraceLogs(vm.Paths).FirstOrDefault(number => number >= _position.Log);
        if (next == 0 || Host.OpenTraceLog(vm.Paths, next) is not { } log)
        {
            return false;
        }

        if (next > _position.Log)
        {
            _position = _position with { Log = next, Offset = 0 };
        }

        _log = log;
        return true;
    }

    /// <returns>Whether there may be more at once.</returns>
    private async Task<bool> ReadOnAsync(bool isEnd, CancellationToken cancellationToken)
    {
        var length = await RandomAccess.ReadAsync(_log!.SafeFileHandle, _buffer, _position.Offset, cancellationToken);
        if (length == 0)
        {
            return false;
        }

        // A segment ends in the midst of what was read: the rest of it is not copied from the file once more.
        var read = 0;
        int taken;
        do
        {
            taken = _intake.Read(_buffer.AsSpan(read, length - read), time.GetUnixTimeNs(), isEnd);
            read += taken;
            _position = _position with { Offset = _position.Offset + taken, NextSequence = _intake.Reader.NextSequence };
            if (_intake.HasFinished)
            {
                await HandOnAsync(cancellationToken);
            }
        }
        while (taken > 0 && read < length);

        return read > 0;
    }

    private async Task HandOnIfDueAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_finishedAt) >= GrowFor)
        {
            _finishedAt = time.GetTimestamp();
            _intake.Finish();
        }

        if (_written != _position && time.GetElapsedTime(_takenAt) >= GatherFor)
        {
            await HandOnAsync(cancellationToken);
        }
    }

    private async Task HandOnAsync(CancellationToken cancellationToken)
    {
        var ((finished, growing), after) = (_intake.Take(), _position);
        await ring.WriteAsync(TraceStore.WriteOf(vm.State.Name, finished, growing, after), cancellationToken);
        (_written, _takenAt) = (after, time.GetTimestamp());
    }

    /// <summary>QEMU goes on in another log. It keeps the one before open until no thread of it can write into it any more.</summary>
    private async Task EndLogAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (vm.Process is { } process && Host.HasOpen(process, vm.Paths.TraceLog(_position.Log)) && time.GetElapsedTime(since) < LetGoPatience)
        {
            await Task.Delay(LetGoPause, time, cancellationToken);
        }

        while (await ReadOnAsync(isEnd: false, cancellationToken))
        {
        }

        while (await ReadOnAsync(isEnd: true, cancellationToken))
        {
        }

        await HandOnAsync(cancellationToken);
        await ring.FlushAsync(cancellationToken);
        Tell();
        Host.RemoveTraceLog(vm.Paths, _position.Log);
        _position = _position with { Log = _position.Log + 1, Offset = 0 };
        CloseLog();
    }

    private async Task BeginNextAsync(CancellationToken cancellationToken)
    {
        try
        {
            await vm.BeginTraceLogAsync(cancellationToken);
        }
        catch (QmpException e)
        {
            // The log grows on, and it is tried again.
            LogNotRotated(vm.State.Name.ToString(), e.Message);
        }
    }

    /// <summary>Tells the feed how far it has come, and of events that are missing.</summary>
    private void Tell()
    {
        var (reader, isFull) = (_intake.Reader, Host.IsTraceFolderFull(vm.Paths));
        if (isFull && !_told.IsFull)
        {
            feed.Publish(new FeedSource(vm.State.Name.ToString()), new VmHappened(new EventNote(
                EventKind.Gap, "trace-events", "Trace events are missing here: they came faster than LabNet read them, or while it was away, and their place was full.")));
            reader.Pairing.Reset();
        }

        var now = new TraceEventsSeen(reader.Events, reader.Unparsed, _intake.FilteredOut, reader.NextSequence - 1, _written.NextSequence - 1, isFull, _told.TimesFull + (isFull && !_told.IsFull ? 1 : 0));
        if (now != _told)
        {
            feed.Publish(new FeedSource(vm.State.Name.ToString()), now);
            _told = now;
        }
    }

    private void Close()
    {
        CloseLog();
        _intake.Restart(_written.NextSequence);
    }

    private void CloseLog()
    {
        _log?.Dispose();
        _log = null;
    }

    [LoggerMessage(6101, LogLevel.Error, "The trace events of {Vm} could not be read; it is tried again")]
    private partial void LogFault(Exception exception, string vm);

    [LoggerMessage(6102, LogLevel.Warning, "The trace log of {Vm} grows over its size: {Reason}")]
    private partial void LogNotRotated(string vm, string reason);
}
