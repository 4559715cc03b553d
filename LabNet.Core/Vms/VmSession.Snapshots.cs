using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What features need that save a machine and bring it back: QEMU's jobs, a start from a snapshot, and a guest that went back in time.</summary>
public sealed partial class VmSession
{
    /// <summary>What a feature does to the VM's files before another QEMU opens them; null for nothing. Set while no start is under way.</summary>
    internal Func<CancellationToken, Task>? BeforeStart { get; set; }

    private const string Concluded = "concluded";
    private const string JobStatusChange = "JOB_STATUS_CHANGE";

    /// <summary>Refuses what needs a QEMU that can be asked, in whatever state its guest is.</summary>
    /// <exception cref="VmConflictException"/>
    /// <exception cref="QmpDisconnectedException"/>
    internal void ThrowUnlessConnected()
    {
        var state = _state;
        if (!state.IsThere && state.Definition is StartedVm)
        {
            throw new VmConflictException($"{state.Name} is not running. Start it first.");
        }

        if (state.Connection is not QmpLinkState.Connected)
        {
            throw new QmpDisconnectedException($"QEMU of {state.Name} is not connected at the moment.");
        }
    }

    /// <summary>Begins one of QEMU's jobs and waits for its end. A job cannot be cancelled: QEMU's main loop does nothing else meanwhile.</summary>
    /// <param name="jobId">As in the arguments.</param>
    /// <returns>Why it failed; null if it did not.</returns>
    /// <exception cref="QmpException">QEMU refused it, or is gone; then what came of it is not known.</exception>
    internal async Task<string?> RunJobAsync<TArguments>(QmpCommand<TArguments, QmpNothing> command, TArguments arguments, string jobId)
    {
        using var watch = _services.Feed.Subscribe(record => record.Source == _source && record.Item is VmChanged or QmpEventSeen or VmHappened);
        await _qmp.ExecuteAsync(command, arguments, CancellationToken.None);
        try
        {
            return await WatchJobAsync(watch, jobId);
        }
        catch (OperationCanceledException)
        {
            throw new QmpDisconnectedException($"LabNet ends, and QEMU's job {jobId} goes on.");
        }
    }

    private async Task<string?> WatchJobAsync(FeedSubscription watch, string jobId)
    {
        await foreach (var record in watch.ReadAllAsync(_stopping.Token))
        {
            switch (record.Item)
            {
                // By the event and not by query-jobs, whose answer can overtake the STOP and RESUME that came before it.
                case QmpEventSeen { Event: { Name: JobStatusChange } e } when e.Text("id") == jobId && e.Text("status") == Concluded:
                case FeedGap or VmHappened { Told.Kind: EventKind.Gap } when await HasConcludedAsync(jobId):
                    return await EndJobAsync(jobId);
                case VmChanged { State.Connection: not QmpLinkState.Connected }:
                    throw new QmpDisconnectedException($"QEMU of {_state.Name} was lost before its job {jobId} ended.");
            }
        }

        throw new OperationCanceledException();
    }

    /// <summary>Dismisses a job that has concluded.</summary>
    /// <inheritdoc cref="RunJobAsync"/>
    internal async Task<string?> EndJobAsync(string jobId)
    {
        var jobs = await _qmp.ExecuteAsync(MachineCommands.QueryJobs, CancellationToken.None);
        await _qmp.ExecuteAsync(SnapshotCommands.Dismiss, new IdArguments(jobId), CancellationToken.None);
        return jobs.FirstOrDefault(job => job.Id == jobId)?.Error;
    }

    /// <summary>The jobs that save, load and delete snapshots, as QEMU tells them now; nobody dismisses another's.</summary>
    /// <exception cref="QmpException"/>
    internal async Task<IReadOnlyList<JobInfo>> ReadSnapshotJobsAsync(CancellationToken cancellationToken) =>
        [.. (await _qmp.ExecuteAsync(MachineCommands.QueryJobs, cancellationToken)).Where(job => job.Type.StartsWith("snapshot-", StringComparison.Ordinal))];

    private async Task<bool> HasConcludedAsync(string jobId) =>
        (await _qmp.ExecuteAsync(MachineCommands.QueryJobs, CancellationToken.None)).Any(job => job.Id == jobId && job.Status == Concluded);

    /// <summary>Starts QEMU anew so that it goes on from a snapshot, or boots; one that runs is ended first. Ends when the new one has spoken.</summary>
    /// <param name="from">Null boots.</param>
    /// <exception cref="VmConflictException">LabNet did not start this VM.</exception>
    /// <exception cref="HostException">QEMU refused the snapshot, or could not be started.</exception>
    internal async Task StartFromAsync(StartPoint? from, IProgress<double> progress, CancellationToken cancellationToken)
    {
        ThrowIfNotOurs(VmAction.Start);
        await EndProcessAsync(cancellationToken);
        lock (_sync)
        {
            if (_state.Process is VmProcessState.Running or VmProcessState.Starting)
            {
                throw new VmConflictException($"{_state.Name} is being started already.");
            }

            Apply(new VmEvent.Starting("preparing", Accelerator: null));
            _startOperation = null;
        }

        await StartAsync((StartedVm)_state.Definition, from, progress, cancellationToken);
    }

    internal Task<Operation?> WaitForOperationAsync(Operation operation, CancellationToken cancellationToken) =>
        _services.Operations.WaitAsync(operation.Id, cancellationToken);

    internal Task SetRunningAsync(bool running, CancellationToken cancellationToken) =>
        SendAsync(running ? RunStateCommands.Cont : RunStateCommands.Stop, cancellationToken);

    /// <summary>The guest is another one than a moment ago: what it was asked before it has never heard of.</summary>
    internal async Task MeetGuestAnewAsync(CancellationToken cancellationToken)
    {
        await _agent.ReconnectAsync(cancellationToken);
        _askAgent.Give();
    }

    /// <summary>The guest has answered a feature: its state is to say so soon.</summary>
    internal void LookAtGuest() => _askAgent.Give();

    /// <summary>Gives the guest the host's time.</summary>
    /// <exception cref="GuestAgentException"/>
    internal Task SetGuestTimeAsync(CancellationToken cancellationToken) => _agent.ExecuteAsync(
        GuestAgentCommands.SetTime, new SetTimeArguments((_services.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100), cancellationToken);
}
