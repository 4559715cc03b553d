using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>
/// What features need that break a machine on purpose. A fault and a snapshot exclude each other: the one would be in the other, or be undone by
/// it. Whoever comes second is refused, under one lock.
/// </summary>
public sealed partial class VmSession
{
    /// <summary>What a fault makes in QEMU begins with that, and with nothing else of LabNet's.</summary>
    internal const string FaultPrefix = "labnet-f-";

    private string? _snapshotWork;

    /// <summary>Lifts, for the actor, the faults that bar snapshots; null where nobody injects any.</summary>
    internal Func<Actor, CancellationToken, Task>? LiftFaults { get; set; }

    internal static bool IsOfFault(string? node) => node?.StartsWith(FaultPrefix, StringComparison.Ordinal) == true;

    /// <summary>Shows a fault that is about to be in force.</summary>
    /// <exception cref="VmConflictException">A snapshot is under way.</exception>
    internal void ClaimFault(FaultInForce fault)
    {
        lock (_sync)
        {
            if (WhyNoFault is { } whyNot)
            {
                throw new VmConflictException(whyNot);
            }

            ShowFault(fault);
        }
    }

    /// <summary>Why nothing can be broken at the moment; null if it can.</summary>
    internal string? WhyNoFault
    {
        get
        {
            var (state, work) = (_state, Volatile.Read(ref _snapshotWork));
            return work is not null ? $"{state.Name} is busy: {work}. Wait for its end."
                : state.Jobs.FirstOrDefault(job => job.Type.StartsWith("snapshot", StringComparison.Ordinal) && job.Status != Concluded) is { } job
                    ? $"{state.Name} is busy with {job.Type} ({job.Id}). Wait for its end."
                : null;
        }
    }

    /// <summary>Shows a fault that an earlier LabNet put in force, or one that was shown and is another now.</summary>
    internal void ShowFault(FaultInForce fault)
    {
        lock (_sync)
        {
            Apply(new VmEvent.FaultsKnown(_state.Faults.RemoveAll(one => one.Id == fault.Id).Add(fault)));
        }
    }

    internal void ReleaseFault(string id)
    {
        lock (_sync)
        {
            if (_state.Faults.Any(one => one.Id == id))
            {
                Apply(new VmEvent.FaultsKnown(_state.Faults.RemoveAll(one => one.Id == id)));
            }
        }
    }

    /// <summary>From here to <see cref="LeaveSnapshot"/> no fault is injected.</summary>
    /// <param name="underWay">What is done, in a few words.</param>
    /// <param name="mindsFaults">Whether it is refused while a fault bars snapshots.</param>
    /// <exception cref="VmConflictException"/>
    internal void EnterSnapshot(string underWay, bool mindsFaults)
    {
        lock (_sync)
        {
            if (mindsFaults && WhyNoSnapshot is { } whyNot)
            {
                throw new VmConflictException(whyNot);
            }

            _snapshotWork = underWay;
        }
    }

    internal void LeaveSnapshot() => Volatile.Write(ref _snapshotWork, null);

    /// <summary>The fault that bars snapshots, in a sentence; null if none does.</summary>
    internal string? WhyNoSnapshot => _state.Faults.FirstOrDefault(one => one.BarsSnapshots) is { } fault
        ? $"A fault is in force on {_state.Name}, and would be in the snapshot or be undone by it: {fault.Text} ({fault.Id}). Lift it first, or ask for that."
        : null;

    /// <summary>SIGKILL that nobody expects: it is to look like a crash.</summary>
    internal void Crash()
    {
        _process?.Kill();
        _lookAtProcess.Give();
    }

    /// <summary>Lets QEMU listen for a debugger, and connects: the guest stands still from then on.</summary>
    /// <exception cref="QmpException"/>
    /// <exception cref="System.Net.Sockets.SocketException">QEMU does not listen.</exception>
    internal async Task<Stream> OpenGdbAsync(CancellationToken cancellationToken)
    {
        await _qmp.ExecuteAsync(HumanMonitorCommands.Execute, HumanMonitorLine.GdbServer(Paths.GdbSocket), cancellationToken);
        return await _services.Host.OpenSocketAsync(Paths.GdbSocket, cancellationToken);
    }

    /// <summary>QEMU listens for no debugger any more, and nothing is left of it.</summary>
    /// <exception cref="QmpException"/>
    internal async Task CloseGdbAsync(CancellationToken cancellationToken)
    {
        await _qmp.ExecuteAsync(HumanMonitorCommands.Execute, HumanMonitorLine.NoGdbServer, cancellationToken);
        File.Delete(Paths.GdbSocket);
    }
}
