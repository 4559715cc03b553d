using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>One VM's faults. Each is written down before QEMU is asked for it, comes into force and is lifted at its own absolute time, and is lifted by whichever LabNet is there then.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class VmFaults : IAsyncDisposable
{
    internal VmFaults(VmSession vm) => Vm = vm;

    public VmSession Vm { get; }

    /// <summary>Those that are in force, by the time of their start.</summary>
    public IReadOnlyList<Fault> InForce => throw new NotImplementedException();

    /// <summary>Puts a fault in force; answers when it is, or when it failed.</summary>
    /// <param name="duration">Zero of a momentary one.</param>
    /// <param name="at">When; null for now. What is past by then is late, and counts from its own time.</param>
    /// <param name="run">The chaos run that it belongs to; null for none.</param>
    /// <exception cref="ArgumentException">The fault is none, or its duration is out of its bounds.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">It cannot be done here, another one holds what this one needs, or a snapshot is under way; nothing was touched.</exception>
    /// <exception cref="Qmp.QmpException">The fault is known as failed.</exception>
    /// <exception cref="Storage.DatabaseException">It could not be written down, so nothing was touched.</exception>
    public Task<Fault> InjectAsync(FaultSpec spec, TimeSpan duration, DateTimeOffset? at, string? run, Actor actor, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Lifts a fault before its time. One that is over stays as it is.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">There is no such fault.</exception>
    /// <exception cref="Qmp.QmpException">It could not be lifted; it is tried again.</exception>
    public Task<Fault> LiftAsync(FaultId id, FaultEnd why, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Why faults of this kind cannot be had here, or only in part, in sentences; empty if nothing is missing.</summary>
    /// <param name="kind">One of <see cref="FaultKinds.All"/>.</param>
    public IReadOnlyList<string> WhyNot(string kind) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
