using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>A VM whose QEMU somebody else started: what its sockets allow, and nothing that would end it.</summary>
public sealed partial class VmSession
{
    /// <summary>Nobody tells when a foreign QEMU comes; it may be on another machine, where each attempt costs a TLS handshake.</summary>
    private static readonly TimeSpan AttachedReconnectDelayMax = TimeSpan.FromSeconds(1);

    private void ThrowIfNotOurs(VmAction action)
    {
        if (action.WhyNever(_state.Definition) is { } why)
        {
            throw new VmConflictException(why);
        }
    }

    private void OpenAttached(AttachedVm vm)
    {
        if (vm.ConsoleSocket is not null)
        {
            // console.log is kept as of any other VM.
            _services.Host.MakeFolder(Paths);
            _console.TellAway();
        }
    }

    /// <summary>What a started VM's lab file entry says is asked here, and whether the rest of the entry fits.</summary>
    private async Task ReadAttachedAsync(AttachedVm vm, CancellationToken cancellationToken)
    {
        var memory = await _qmp.ExecuteAsync(MachineCommands.QueryMemorySizeSummary, cancellationToken);
        var cpus = await _qmp.ExecuteAsync(MachineCommands.QueryCpusFast, cancellationToken);
        var target = await _qmp.ExecuteAsync(MachineCommands.QueryTarget, cancellationToken);
        Apply(new VmEvent.AttachedRead(new VmSize(memory.BaseMemory + (memory.PluggedMemory ?? 0), cpus.Length), Mismatch(vm, target.Arch)));
    }

    private VmProblem? Mismatch(AttachedVm vm, string target)
    {
        if (target == vm.Architecture.Word())
        {
            return null;
        }

        var title = $"{vm.Name} is {target}, and the lab file says {vm.Architecture.Word()}";
        return _state.Problem is { } known && known.Title == title
            ? known
            : new VmProblem(title, $"The QEMU at {vm.Qmp} runs guests of {target}. Either qmp leads to another VM than was meant, or arch is wrong.", _services.Time.GetUtcNow());
    }

    /// <summary>For the viewer of an attached VM, what to do; nobody but LabNet uses the control socket of the others.</summary>
    private string Told(QmpException reason) => (_state.Definition, reason) switch
    {
        (AttachedVm vm, QmpConnectException { NoGreeting: true }) =>
            $"{vm.Qmp} takes the connection and sends no greeting: another client holds it, and QEMU serves one at a time. "
                + "Start QEMU with a second -qmp for LabNet, or end the other client.",
        (AttachedVm { Qmp: QmpAddress.Tls tls }, QmpConnectException { InnerException: null }) =>
            $"{reason.Message} QEMU ends a TLS connection like that when it does not accept the client's certificate in {tls.CredentialsFolder}.",
        _ => reason.Message,
    };
}
