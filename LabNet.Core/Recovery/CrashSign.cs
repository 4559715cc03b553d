using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>How a VM crashed.</summary>
public enum CrashKind
{
    /// <summary>SIGKILL, by someone or by the kernel for want of memory.</summary>
    QemuKilled,

    /// <summary>QEMU aborted, or ran into memory that is not its own.</summary>
    QemuAborted,

    /// <summary>QEMU ended with another status.</summary>
    QemuEnded,

    /// <summary>QEMU is gone and nobody saw its end, as after the machine itself went down.</summary>
    QemuGone,
    GuestPanicked,
    Watchdog,

    /// <summary>QEMU stopped the guest because of a fault of its own.</summary>
    InternalError,

    /// <summary>The guest spins and its agent is silent.</summary>
    Hang,
}

public static class CrashKinds
{
    /// <summary>The word of the REST contract, such as <c>guest-panicked</c>.</summary>
    public static string Word(this CrashKind kind) => kind switch
    {
        CrashKind.QemuKilled => "qemu-killed",
        CrashKind.QemuAborted => "qemu-aborted",
        CrashKind.QemuEnded => "qemu-ended",
        CrashKind.QemuGone => "qemu-gone",
        CrashKind.GuestPanicked => "guest-panicked",
        CrashKind.Watchdog => "watchdog",
        CrashKind.InternalError => "internal-error",
        CrashKind.Hang => "hang",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    /// <summary>Whether QEMU itself is gone; else it is there and can be asked.</summary>
    public static bool IsOfQemu(this CrashKind kind) => kind is CrashKind.QemuKilled or CrashKind.QemuAborted or CrashKind.QemuEnded or CrashKind.QemuGone;

    /// <summary>Null for a run state that is no crash.</summary>
    internal static CrashKind? Of(RunState? state) => state switch
    {
        { } one when one == RunState.GuestPanicked => CrashKind.GuestPanicked,
        { } one when one == RunState.Watchdog => CrashKind.Watchdog,
        { } one when one == RunState.InternalError => CrashKind.InternalError,
        _ => null,
    };

    /// <param name="status">As a shell tells it: 128 + signal for a signal.</param>
    internal static CrashKind OfExit(int? status) => status switch
    {
        null => CrashKind.QemuGone,
        137 => CrashKind.QemuKilled,
        132 or 134 or 135 or 136 or 139 => CrashKind.QemuAborted,
        _ => CrashKind.QemuEnded,
    };
}

/// <summary>What was seen of a crash.</summary>
/// <param name="At">When it happened, as near as anybody knows.</param>
/// <param name="Seen">A sentence.</param>
/// <param name="Exit">Of a QEMU that is gone.</param>
public sealed record CrashSign(CrashKind Kind, DateTimeOffset At, string Seen, VmProcessState.Exited? Exit = null)
{
    internal static CrashSign OfExit(VmProcessState.Exited exit, DateTimeOffset at) => new(CrashKinds.OfExit(exit.Status), at, exit.Status switch
    {
        null => "QEMU is gone, and nobody saw its end.",
        137 => "QEMU was killed by SIGKILL: by someone, or by the kernel for want of memory.",
        > 128 and var status => $"QEMU ended by signal {status - 128}.",
        var status => $"QEMU ended by itself, with exit status {status}.",
    }, exit);

    internal static CrashSign OfRunState(CrashKind kind, DateTimeOffset at) => new(kind, at, kind switch
    {
        CrashKind.GuestPanicked => "The guest's kernel panicked.",
        CrashKind.Watchdog => "The guest's watchdog ran out.",
        _ => "QEMU stopped the guest because of a fault of its own.",
    });

    /// <summary>Whether the VM still is as the crash left it: nobody else has brought it back, or ended it.</summary>
    internal bool IsStillSo(VmState state) => Kind switch
    {
        CrashKind.Hang => state.RunState == RunState.Running && state.Agent is not GuestAgentState.Answering,
        _ when Kind.IsOfQemu() => state.Process is VmProcessState.Exited or VmProcessState.Off,
        _ => CrashKinds.Of(state.RunState) == Kind,
    };
}
