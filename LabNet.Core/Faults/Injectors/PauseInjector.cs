using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>QMP's stop and cont.</summary>
internal sealed class PauseInjector(VmSession vm) : Injector(vm)
{
    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        await ThrowUnlessGuestRunsAsync(cancellationToken);
        return null;
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        // Whom somebody else has paused meanwhile, the lift would let go on.
        await ThrowUnlessGuestRunsAsync(cancellationToken);
        var replies = await Vm.ExecuteAsync([RunStateCommands.Stop, RunStateCommands.QueryStatus], cancellationToken);
        replies.Read(RunStateCommands.Stop);
        var status = replies.Read(RunStateCommands.QueryStatus);
        return new Sight(!status.Running, $"QEMU says that the guest is {status.Status}.");
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        var status = await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken);
        if (status.Status != RunState.Paused)
        {
            return $"QEMU said already that the guest is {status.Status}.";
        }

        var replies = await Vm.ExecuteAsync([RunStateCommands.Cont, RunStateCommands.QueryStatus], cancellationToken);
        replies.Read(RunStateCommands.Cont);
        return $"QEMU says that the guest is {replies.Read(RunStateCommands.QueryStatus).Status}.";
    }
}
