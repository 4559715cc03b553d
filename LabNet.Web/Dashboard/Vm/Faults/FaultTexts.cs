using System.Globalization;
using LabNet.Core.Faults;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Vm.Faults;

/// <summary>What the faults' part says.</summary>
internal static class FaultTexts
{
    /// <summary>The kinds as they are offered, by what they break.</summary>
    public static readonly IReadOnlyList<(string Title, IReadOnlyList<string> Kinds)> Groups =
    [
        ("Machine", [FaultKinds.Pause, FaultKinds.VcpuPause, FaultKinds.Balloon, FaultKinds.Nmi, FaultKinds.Reset, FaultKinds.Kill]),
        ("Disk", [FaultKinds.BlockError, FaultKinds.BlockThrottle, FaultKinds.BlockLatency]),
        ("Network", [FaultKinds.LinkDown, FaultKinds.LinkFlap, FaultKinds.LinkImpair]),
    ];

    public static string Name(string kind) => kind switch
    {
        FaultKinds.Pause => "The guest stands still",
        FaultKinds.VcpuPause => "One vCPU stands still",
        FaultKinds.BlockError => "Requests fail",
        FaultKinds.BlockThrottle => "The disk is slow",
        FaultKinds.BlockLatency => "Each request takes time",
        FaultKinds.LinkDown => "The cable is out",
        FaultKinds.LinkFlap => "The cable is loose",
        FaultKinds.LinkImpair => "Frames are late or lost",
        FaultKinds.Balloon => "Memory is short",
        FaultKinds.Kill => "QEMU is killed",
        FaultKinds.Nmi => "A non-maskable interrupt",
        FaultKinds.Reset => "The machine is reset",
        _ => kind,
    };

    /// <summary>What the guest has of it.</summary>
    public static string What(string kind) => kind switch
    {
        FaultKinds.Pause => "All vCPUs stop, as in a host that stalls. The guest notices by its clock.",
        FaultKinds.VcpuPause => "The others run on and may wait for it: locks that are held, interrupts that nobody answers. Five seconds at most.",
        FaultKinds.BlockError => "QEMU answers the guest's requests with an error. A file system may go read-only for it.",
        FaultKinds.BlockThrottle => "No more than so many requests or bytes a second, read and written together.",
        FaultKinds.BlockLatency => "One request each so many milliseconds; what comes faster waits its turn.",
        FaultKinds.LinkDown => "The guest's NIC loses its carrier, then has it again.",
        FaultKinds.LinkFlap => "The carrier comes and goes.",
        FaultKinds.LinkImpair => "Delay, jitter, loss, a limited rate, duplicates, another order.",
        FaultKinds.Balloon => "The balloon takes memory from the guest, which has to make room for it.",
        FaultKinds.Kill => "SIGKILL, as in a crash of the host. What recovery says is then done.",
        FaultKinds.Nmi => "Most kernels write a word about it; some are set to panic.",
        FaultKinds.Reset => "The guest boots without having been told, as by the reset button.",
        _ => "",
    };

    public static (string Word, Tone Tone, IconShape Icon) Of(Fault fault) => fault switch
    {
        { State: FaultState.Planned } => ("planned", Tone.Quiet, IconShape.Circle),
        { State: FaultState.Active, Problem: not null } => ("cannot be lifted yet", Tone.Bad, IconShape.Warning),
        { State: FaultState.Active } => ("in force", Tone.Warning, IconShape.Kill),
        { State: FaultState.Failed } => ("failed", Tone.Bad, IconShape.Cross),
        { Spec.IsMomentary: true } => ("happened", Tone.Good, IconShape.Check),
        _ => ("lifted", Tone.Good, IconShape.Check),
    };

    public static string End(FaultEnd? end) => end switch
    {
        FaultEnd.Time => "its time was up",
        FaultEnd.Asked => "somebody asked for it",
        FaultEnd.VmGone => "QEMU, or the device, is gone",
        FaultEnd.Restarted => "LabNet was started anew",
        FaultEnd.SnapshotTaken => "a snapshot was due",
        FaultEnd.RunEnded => "its chaos run ended",
        _ => "",
    };

    public static string Lasted(Fault fault) => fault is { StartedAt: { } began, LiftedAt: { } over, Spec.IsMomentary: false }
        ? string.Create(CultureInfo.InvariantCulture, $"{(over - began).TotalSeconds:0.000} s")
        : "";
}
