using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>What was seen of a fault, or not yet and why.</summary>
internal readonly record struct Sight(bool EffectSeen, string Evidence);

/// <summary>
/// Puts one fault in force and lifts it. Of the same instance where one LabNet does both; a later LabNet lifts by a new one, from the fault's
/// record and what QEMU says alone.
/// </summary>
internal abstract class Injector(VmSession vm) : IDisposable
{
    protected VmSession Vm { get; } = vm;

    protected VmName Name => Vm.State.Name;

    /// <summary>Asks QEMU itself: just after a fault was lifted the state may not say so yet.</summary>
    /// <exception cref="VmConflictException">The guest does not run.</exception>
    /// <exception cref="QmpException"/>
    protected async Task ThrowUnlessGuestRunsAsync(CancellationToken cancellationToken)
    {
        Vm.ThrowUnlessConnected();
        ThrowUnlessRunning(await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken));
    }

    /// <exception cref="VmConflictException"/>
    protected void ThrowUnlessRunning(StatusInfo status)
    {
        if (!status.Running)
        {
            throw new VmConflictException($"{Name} is {status.Status}, and only what runs can be made to stand still. Resume it first.");
        }
    }

    /// <summary>Looks whether it can be done, and changes nothing.</summary>
    /// <returns>For <see cref="Fault.Before"/>.</returns>
    /// <exception cref="VmConflictException">It cannot, and why.</exception>
    /// <exception cref="QmpException"/>
    public abstract Task<string?> PrepareAsync(CancellationToken cancellationToken);

    /// <summary>When it ends the fault is in force. If it fails, something of it may be in force.</summary>
    /// <exception cref="VmConflictException"/>
    /// <exception cref="QmpException"/>
    public abstract Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken);

    /// <summary>What has to be done, or looked at, while the fault is in force; ends when it is cancelled or has no more to do.</summary>
    public virtual Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>When it ends nothing is left of the fault; also where nothing was.</summary>
    /// <returns>What was seen, in a sentence; null for nothing.</returns>
    /// <exception cref="QmpException">Something may be left: it has to be tried again.</exception>
    public abstract Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken);

    public virtual void Dispose()
    {
    }

    /// <summary>Whether something of it may be left where its QEMU is gone.</summary>
    public virtual bool OutlivesQemu(Fault fault) => false;

    /// <param name="links">Null where nobody knows links.</param>
    public static Injector Of(FaultSpec spec, VmSession vm, LinkImpairments? links, TimeProvider time) => spec switch
    {
        PauseFault => new PauseInjector(vm),
        VcpuPauseFault vcpu => new VcpuPauseInjector(vm, vcpu, time),
        BlockErrorFault errors => new BlockErrorInjector(vm, errors, time),
        BlockThrottleFault limits => new BlockThrottleInjector(vm, limits.Device, limits.Iops ?? 0, limits.BytesPerSecond ?? 0),
        BlockLatencyFault latency => new BlockThrottleInjector(vm, latency.Device, BlockThrottleInjector.IopsOf(latency.DelayMs), bytesPerSecond: 0),
        LinkDownFault down => new LinkDownInjector(vm, down.Nic, time),
        LinkFlapFault flap => new LinkFlapInjector(vm, flap, time),
        LinkImpairFault impair => new LinkImpairInjector(vm, impair, links),
        BalloonFault balloon => new BalloonInjector(vm, balloon),
        KillFault => new KillInjector(vm),
        NmiFault => new NmiInjector(vm),
        ResetFault => new ResetInjector(vm),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec, message: null),
    };
}
