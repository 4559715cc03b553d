using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>QMP's stop and cont.</summary>
internal sealed class PauseInjector(VmSession vm) : Injector(vm)
{
    /// <summary>Asked in one piece with what changes it: each wait for QEMU makes the fault later.</summary>
    private static readonly QmpCommand<StatusInfo> StatusBefore = new(RunStateCommands.QueryStatus.Name, RunStateCommands.QueryStatus.ReturnType);

    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        await ThrowUnlessGuestRunsAsync(cancellationToken);
        return null;
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        var replies = await Vm.ExecuteAsync([StatusBefore, RunStateCommands.Stop, RunStateCommands.QueryStatus], cancellationToken);

        // A guest that somebody else has paused meanwhile was not changed, and the lift would let it go on.
        ThrowUnlessRunning(replies.Read(StatusBefore));
        replies.Read(RunStateCommands.Stop);
        var status = replies.Read(RunStateCommands.QueryStatus);
        return new Sight(!status.Running, $"QEMU says that the guest is {status.Status}.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        // A paused guest comes to no other state by itself, so that what QEMU said last is enough.
        if (Vm.State.RunState != RunState.Paused && await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken) is { Status: var status } && status != RunState.Paused)
        {
            return $"QEMU said already that the guest is {status}.";
        }

        var replies = await Vm.ExecuteAsync([RunStateCommands.Cont, RunStateCommands.QueryStatus], cancellationToken);
        replies.Read(RunStateCommands.Cont);
        return $"QEMU says that the guest is {replies.Read(RunStateCommands.QueryStatus).Status}.";
    }
}
