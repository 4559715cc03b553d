using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

/// <summary>The loops that listen to QEMU, to the process and to the guest.</summary>
public sealed partial class VmSession
{
    private static readonly TimeSpan ProcessLookPeriod = TimeSpan.FromSeconds(1);

    /// <summary>QEMU's sockets close some milliseconds before its process is gone.</summary>
    private static readonly TimeSpan EndAfterEof = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgentPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GuestFactsPeriod = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    /// <summary>Two that read the state at a time could apply their answers in the wrong order.</summary>
    private readonly SemaphoreSlim _readingState = new(1, 1);
    private long? _bootSince;
    private long _factsReadAt;

    /// <summary>A fault of LabNet's own is told in the log, and does not leave the VM unwatched.</summary>
    private async Task KeepUpAsync(Func<CancellationToken, Task> loop, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await loop(cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFault(e, _state.Name, loop.Method.Name);
                await Task.Delay(FaultPause, _services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SignalLoopAsync(CancellationToken cancellationToken)
    {
        await foreach (var signal in _qmp.ReadSignalsAsync(CancellationToken.None))
        {
            try
            {
                await ApplyAsync(signal, cancellationToken);
            }
            catch (QmpException e)
            {
                // The connection is gone and its own signal follows, or QEMU refuses and will again.
                LogNotRead(_state.Name, e.Message);
            }
        }
    }

    private async Task ApplyAsync(QmpSignal signal, CancellationToken cancellationToken)
    {
        switch (signal)
        {
            case QmpSignal.Connected connected:
                _connection = connected;
                Apply(new VmEvent.Connected(connected.Greeting));
                await ReadStateAtLastAsync(cancellationToken);
                await ComparePluggedAsync(cancellationToken);
                await RestoreTraceEventsAsync(cancellationToken);
                break;
            case QmpSignal.Received received:
                _services.Feed.Publish(_source, new QmpEventSeen(received.Event));
                Apply(new VmEvent.QemuSaid(received.Event));
                await FollowAsync(received.Event, cancellationToken);
                break;
            case QmpSignal.Gap gap:
                _services.Feed.Publish(_source, new VmHappened(new EventNote(
                    EventKind.Gap, "qmp-events", $"{gap.Events} events of QEMU are missing here: they came faster than LabNet could take them.")));
                await ReadStateAtLastAsync(cancellationToken);
                break;
            case QmpSignal.Disconnected disconnected:
                Apply(new VmEvent.Disconnected(Told(disconnected.Reason), _services.Time.GetUtcNow()));
                _lookAtProcess.Give();
                break;
            case QmpSignal.ConnectFailed { Reason: var reason } when _state is { Process: VmProcessState.Foreign, Connection: QmpLinkState.Connecting }:
                Apply(new VmEvent.Disconnected(Told(reason), _services.Time.GetUtcNow()));
                break;
            case QmpSignal.ConnectFailed { Reason: var reason } when _state.Connection is QmpLinkState.Lost lost && lost.Reason != Told(reason):
                Apply(new VmEvent.Disconnected(Told(reason), lost.Since));
                break;
        }
    }

    /// <summary>What an event only announces is asked.</summary>
    private async Task FollowAsync(QmpEvent qmpEvent, CancellationToken cancellationToken)
    {
        switch (qmpEvent.Name)
        {
            case "SHUTDOWN":
                _endExpected = true;
                break;
            case "STOP" or "RESUME" or "WATCHDOG" or "GUEST_PANICKED" or "BLOCK_IO_ERROR" or "SUSPEND" or "WAKEUP" or "RESET":
                await ReadStateAtLastAsync(cancellationToken);
                break;
            case JobStatusChange:
                var jobs = await _qmp.ExecuteAsync(MachineCommands.QueryJobs, cancellationToken);
                Apply(new VmEvent.JobsRead([.. jobs]));
                break;
            case "DEVICE_DELETED" when qmpEvent.Text("device") is { } gone:
                await ForgetUnlessAsync(device => device.Outermost != gone, cancellationToken);
                break;
            case "VSERPORT_CHANGE":
                _askAgent.Give();
                break;
        }
    }

    /// <summary>A QEMU that is busy for longer than an answer may take is asked again: nothing else would tell what it does now.</summary>
    private async Task ReadStateAtLastAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ReadStateAsync(cancellationToken);
                return;
            }
            catch (QmpTimeoutException e)
            {
                LogNotRead(_state.Name, e.Message);
            }
        }
    }

    private async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        await _readingState.WaitAsync(cancellationToken);
        try
        {
            var status = await _qmp.ExecuteAsync(RunStateCommands.QueryStatus, cancellationToken);
            var kvm = await _qmp.ExecuteAsync(MachineCommands.QueryKvm, cancellationToken);
            var jobs = await _qmp.ExecuteAsync(MachineCommands.QueryJobs, cancellationToken);
            var agentOpen = _state.Definition is AttachedVm ? (bool?)null : await ReadAgentPortAsync(cancellationToken);
            var kind = kvm.Enabled ? Accelerator.Kvm : Accelerator.Tcg;
            var accelerator = _state.Accelerator?.Kind == kind ? _state.Accelerator : new AcceleratorInUse(kind, ReadAcceleratorNote());
            Apply(new VmEvent.StateRead(status, accelerator, [.. jobs], agentOpen));
            if (_state.Definition is AttachedVm attached)
            {
                await ReadAttachedAsync(attached, cancellationToken);
            }
        }
        finally
        {
            _readingState.Release();
        }

        _askAgent.Give();
    }

    private async Task<bool> ReadAgentPortAsync(CancellationToken cancellationToken)
    {
        var chardevs = await _qmp.ExecuteAsync(MachineCommands.QueryChardev, cancellationToken);
        return chardevs.Any(c => c.Label == QemuCommandLine.AgentChardev && c.FrontendOpen);
    }

    /// <summary>Why the start of an adopted VM chose its accelerator.</summary>
    private string ReadAcceleratorNote() => File.Exists(AcceleratorNote) ? File.ReadAllText(AcceleratorNote) : "as QEMU says";

    private async Task ProcessLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var eof = await _lookAtProcess.WaitAsync(ProcessLookPeriod, cancellationToken);
            if (_process is { } process)
            {
                await LookAtAsync(process, eof ? EndAfterEof : TimeSpan.Zero, cancellationToken);
            }
        }
    }

    private async Task LookAtAsync(QemuProcess process, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!await _services.Host.WaitForEndAsync(process, patience, cancellationToken))
        {
            return;
        }

        var exit = await _services.Host.ReadExitAsync(_services.Host.PathsOf(_state.Name), cancellationToken);
        _process = null;

        // SHUTDOWN may still be on its way; a QEMU that ends in order was asked to.
        var expected = _endExpected || exit.Status == 0;
        LogEnded(_state.Name, process.Pid, exit.Status, expected);
        Apply(new VmEvent.ProcessExited(new VmProcessState.Exited(exit.Status, expected, exit.StderrTail, _services.Time.GetUtcNow())));
        if (expected)
        {
            NoteEnd(process.Note);
        }
    }

    private async Task AgentLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _askAgent.WaitAsync(AgentPeriod, cancellationToken);
                if (_state is { Agent: not (GuestAgentState.Closed or GuestAgentState.NoSocket) } && _state.RunState == RunState.Running)
                {
                    await AskAgentAsync(cancellationToken);
                }

                TellIfBootTakesTooLong();
            }
            catch (GuestAgentException e)
            {
                Apply(new VmEvent.AgentSilent(e.Message));
            }
        }
    }

    private async Task AskAgentAsync(CancellationToken cancellationToken)
    {
        await _agent.ExecuteAsync(GuestAgentCommands.Ping, cancellationToken);
        var wasAnswering = _state.Agent is GuestAgentState.Answering;
        if (!wasAnswering)
        {
            Apply(new VmEvent.AgentAnswered(Guest: null));
            _bootSince = null;

            // A guest that booted anew knows nothing of the size that its console had.
            _sizeConsole.Give();
        }

        if (!wasAnswering || _services.Time.GetElapsedTime(_factsReadAt) >= GuestFactsPeriod)
        {
            _factsReadAt = _services.Time.GetTimestamp();
            Apply(new VmEvent.AgentAnswered(await ReadGuestAsync(cancellationToken)));
        }
    }

    private async Task<GuestFacts> ReadGuestAsync(CancellationToken cancellationToken)
    {
        var hostName = await _agent.ExecuteAsync(GuestAgentCommands.GetHostName, cancellationToken);
        var os = await _agent.ExecuteAsync(GuestAgentCommands.GetOsInfo, cancellationToken);
        var interfaces = await _agent.ExecuteAsync(GuestAgentCommands.GetInterfaces, cancellationToken);
        return new GuestFacts(
            hostName.HostName,
            os.PrettyName ?? "",
            os.KernelRelease ?? "",
            [.. interfaces.Select(i => new GuestInterface(i.Name, i.HardwareAddress, AddressesOf(i)))]);
    }

    private static ImmutableArray<string> AddressesOf(GuestNetworkInterface guestInterface) =>
        [.. (guestInterface.IpAddresses ?? []).Select(address => $"{address.IpAddress}/{address.Prefix}")];

    private void TellIfBootTakesTooLong()
    {
        if (_bootSince is not { } since || _services.Time.GetElapsedTime(since) < _services.BootTimeout)
        {
            return;
        }

        _bootSince = null;
        Apply(new VmEvent.ProblemSeen(new VmProblem(
            $"The guest's agent has not answered within {_services.BootTimeout.TotalSeconds:0} s of the start",
            $"The console's last lines:\n{_console.ReadTail()}",
            _services.Time.GetUtcNow())));
    }

    [LoggerMessage(2102, LogLevel.Warning, "{Vm}: QEMU's state could not be read: {Reason}")]
    private partial void LogNotRead(VmName vm, string reason);

    [LoggerMessage(2104, LogLevel.Error, "{Vm}: {Loop} failed by a fault of LabNet and goes on")]
    private partial void LogFault(Exception fault, VmName vm, string loop);

    [LoggerMessage(2103, LogLevel.Information, "{Vm}: QEMU process {Pid} ended with status {Status} (expected: {Expected})")]
    private partial void LogEnded(VmName vm, int pid, int? status, bool expected);
}
