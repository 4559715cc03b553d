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
    private const int ReadBytes = 256 << 10;

    /// <summary>A log is left for a new one at this size: the tmpfs holds several of them.</summary>
    private const long LogBytes = 16L << 20;

    /// <summary>What was read is written at the latest then.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private readonly TraceLogReader _reader = new(catalogue);
    private readonly TraceSegmentBuilder _builder = new();
    private readonly byte[] _buffer = new byte[ReadBytes];
    private TracePosition _position = new(0, 0, 1);
    private FileStream? _log;
    private long _gatheringSince;
    private bool _saidFull;
    private QemuProcess? _vcpusOf;

    public async Task CaptureLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // What is still on its way into the database is not read again.
                await ring.FlushAsync(cancellationToken);
                _position = store.ReadPosition(vm.State.Name) ?? _position;
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
                // What was read and not handed on is read again.
                LogFault(e, vm.State.Name.ToString());
                Close();
                await Task.Delay(FaultPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        Close();
    }

    /// <returns>How long to wait for more.</returns>
    private async Task<TimeSpan> StepAsync(CancellationToken cancellationToken)
    {
        if (_log is null && !OpenNext())
        {
            return Idle;
        }

        TellIfFull();
        await ReadVcpusAsync(cancellationToken);
        while (await ReadOnAsync(isEnd: false, cancellationToken))
        {
        }

        if (Host.ReadTraceLogs(vm.Paths) is [.., var newest] && newest > _position.Log)
        {
            await EndLogAsync(cancellationToken);
            return TimeSpan.Zero;
        }

        if (_builder.Count > 0 && time.GetElapsedTime(_gatheringSince) >= GatherFor)
        {
            await HandOnAsync(cancellationToken);
        }

        if (_position.Offset >= LogBytes && vm.State.Connection is QmpLinkState.Connected)
        {
            await BeginNextAsync(cancellationToken);
        }

        return _builder.Count > 0 || vm.State.TraceSwitches.Length > 0 ? Glance : Idle;
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

    /// <summary>Asked once of each QEMU: its vCPUs' threads stay.</summary>
    private async Task ReadVcpusAsync(CancellationToken cancellationToken)
    {
        var process = vm.Process;
        if (process is null || _vcpusOf == process || vm.State.Connection is not QmpLinkState.Connected)
        {
            return;
        }

        try
        {
            var cpus = await vm.ReadAsync(MachineCommands.QueryCpusFast, cancellationToken);
            _reader.SetVcpus(cpus.DistinctBy(cpu => cpu.ThreadId).ToDictionary(cpu => (int)cpu.ThreadId, cpu => (int)cpu.CpuIndex));
            _reader.Pairing.Reset();
            _vcpusOf = process;
        }
        catch (QmpException)
        {
            // It is asked again; until then the threads have no vCPU.
        }
    }

    /// <returns>Whether there may be more at once.</returns>
    private async Task<bool> ReadOnAsync(bool isEnd, CancellationToken cancellationToken)
    {
        var length = await RandomAccess.ReadAsync(_log!.SafeFileHandle, _buffer, _position.Offset, cancellationToken);
        if (length == 0)
        {
            return false;
        }

        var before = _builder.Count;
        var taken = _reader.Read(_buffer.AsSpan(0, length), time.GetUnixTimeNs(), isEnd, _builder);
        _gatheringSince = before == 0 ? time.GetTimestamp() : _gatheringSince;
        _position = _position with { Offset = _position.Offset + taken, NextSequence = _position.NextSequence + _builder.Count - before };
        if (_builder.IsFull)
        {
            await HandOnAsync(cancellationToken);
        }

        return taken > 0;
    }

    private async Task HandOnAsync(CancellationToken cancellationToken)
    {
        var (segment, after) = (_builder.Count == 0 ? null : _builder.Build(), _position);
        await ring.WriteAsync((connection, transaction) => TraceStore.Append(connection, transaction, vm.State.Name, segment, after), cancellationToken);
    }

    /// <summary>QEMU goes on in another log; a thread of it can still have been writing a line into this one.</summary>
    private async Task EndLogAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Idle, time, cancellationToken);
        while (await ReadOnAsync(isEnd: false, cancellationToken))
        {
        }

        while (await ReadOnAsync(isEnd: true, cancellationToken))
        {
        }

        await HandOnAsync(cancellationToken);
        await ring.FlushAsync(cancellationToken);
        Host.RemoveTraceLog(vm.Paths, _position.Log);
        _position = _position with { Log = _position.Log + 1, Offset = 0 };
        Close();
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

    private void TellIfFull()
    {
        var isFull = Host.IsTraceFolderFull(vm.Paths);
        if (isFull && !_saidFull)
        {
            feed.Publish(new FeedSource(vm.State.Name.ToString()), new VmHappened(new EventNote(
                EventKind.Gap, "trace-events", "Trace events are missing here: they came faster than LabNet read them, or while it was away, and their place was full.")));
            _reader.Pairing.Reset();
        }

        _saidFull = isFull;
    }

    private void Close()
    {
        _log?.Dispose();
        _log = null;
        if (_builder.Count > 0)
        {
            _builder.Build();
        }
    }

    [LoggerMessage(6101, LogLevel.Error, "The trace events of {Vm} could not be read; it is tried again")]
    private partial void LogFault(Exception exception, string vm);

    [LoggerMessage(6102, LogLevel.Warning, "The trace log of {Vm} grows over its size: {Reason}")]
    private partial void LogNotRotated(string vm, string reason);
}
