using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>What happens and is over: there is nothing to lift.</summary>
internal abstract class MomentaryInjector(VmSession vm) : Injector(vm)
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        return Task.FromResult<string?>(null);
    }

    public override Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken) => Task.FromResult<string?>(null);
}

/// <summary>SIGKILL. Nobody is told to expect it, so that recovery takes it for the crash that it plays.</summary>
internal sealed class KillInjector(VmSession vm) : MomentaryInjector(vm)
{
    /// <summary>Why it cannot be had with this VM; null if it can.</summary>
    public static string? WhyNever(VmState state) => state.Definition is AttachedVm ? VmAction.Kill.WhyNever(state.Definition) : null;

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken) =>
        WhyNever(Vm.State) is { } whyNever ? throw new VmConflictException(whyNever)
        : Vm.Process is null ? throw new VmConflictException($"{Name} is not running. Start it first.")
        : Task.FromResult<string?>(null);

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        Vm.Crash();
        try
        {
            // By the process and not by the state alone: recovery may have started another one already.
            await Vm.WaitUntilAsync(_ => Vm.Process?.Note != fault.Process, patience.Token);
            return new Sight(EffectSeen: true, "QEMU is gone.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Sight(EffectSeen: false, $"QEMU has not ended within {Patience.TotalSeconds:0} s.");
        }
    }
}

internal sealed class NmiInjector(VmSession vm) : MomentaryInjector(vm)
{
    /// <summary>Why it cannot be had with this VM; null if it can.</summary>
    public static string? WhyNever(VmState state) => state.Definition.Architecture == Architecture.Aarch64
        ? $"QEMU's machine virt, which {state.Name} is, has no non-maskable interrupt."
        : null;

    public override Task<string?> PrepareAsync(CancellationToken cancellationToken) =>
        WhyNever(Vm.State) is { } whyNever ? throw new VmConflictException(whyNever) : base.PrepareAsync(cancellationToken);

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        (await Vm.ExecuteAsync([MachineCommands.InjectNmi], cancellationToken)).Read(MachineCommands.InjectNmi);
        return new Sight(EffectSeen: true, "QEMU delivered it; what the guest made of it its console tells.");
    }
}

internal sealed class ResetInjector(VmSession vm) : MomentaryInjector(vm)
{
    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        using var events = Vm.WatchQmpEvents();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        (await Vm.ExecuteAsync([RunStateCommands.SystemReset], cancellationToken)).Read(RunStateCommands.SystemReset);
        try
        {
            await events.ReadAllAsync(patience.Token).FirstAsync(record => record.Item is QmpEventSeen { Event.Name: "RESET" }, patience.Token);
            return new Sight(EffectSeen: true, "QEMU told that the machine was reset.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Sight(EffectSeen: false, $"QEMU has told of no reset within {Patience.TotalSeconds:0} s.");
        }
    }
}
