using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Live;

/// <summary>How a VM stands, in one word.</summary>
/// <param name="Word">QEMU's own while it runs: running, paused, guest-panicked, io-error, …</param>
/// <param name="Detail">More of it for who asks; null where the word says all.</param>
public sealed record VmStanding(string Word, Tone Tone, IconShape Icon, string? Detail)
{
    /// <param name="state">Null if nothing was told yet.</param>
    public static VmStanding Of(VmState? state) => state switch
    {
        null => new("not known yet", Tone.Quiet, IconShape.Busy, "LabNet has not looked at this VM yet."),
        { Process: VmProcessState.Starting starting } => new("starting", Tone.Busy, IconShape.Busy, starting.Step),
        { Process: VmProcessState.Exited { Expected: false } exited } => new("crashed", Tone.Bad, IconShape.Cross, Crash(exited)),
        { Process: VmProcessState.Running } => OfRunning(state),
        { Definition: AttachedVm attached, Process: VmProcessState.Foreign } => OfForeign(attached, state),
        { Problem: { } problem } => new("start failed", Tone.Bad, IconShape.Cross, problem.Title),
        { Process: VmProcessState.Exited } => new("off", Tone.Quiet, IconShape.Circle, "QEMU ended as it was asked to."),
        _ => new("off", Tone.Quiet, IconShape.Circle, Detail: null),
    };

    private static VmStanding OfRunning(VmState state) => state.Connection switch
    {
        QmpLinkState.Lost lost => new("connection lost", Tone.Bad, IconShape.Unplugged, lost.Reason),
        QmpLinkState.Connected when state.RunState is { } runState => OfRunState(runState),
        _ => new("connecting", Tone.Busy, IconShape.Busy, "QEMU runs; LabNet connects to its control socket."),
    };

    private static VmStanding OfForeign(AttachedVm vm, VmState state) => state.Connection switch
    {
        QmpLinkState.Connected when state.RunState is { } runState => OfRunState(runState),
        QmpLinkState.Lost lost => new("not reachable", Tone.Warning, IconShape.Unplugged, lost.Reason),
        _ => new("connecting", Tone.Busy, IconShape.Busy, $"LabNet connects to {vm.Qmp}."),
    };

    /// <summary>qapi/run-state.json, RunState. A word that is not listed here comes from a newer QEMU and is shown as it is.</summary>
    private static VmStanding OfRunState(RunState runState) => runState.Word switch
    {
        "running" => new(runState.Word, Tone.Good, IconShape.Play, Detail: null),
        "paused" => new(runState.Word, Tone.Warning, IconShape.Pause, "The vCPUs stand still; Resume lets them go on."),
        "prelaunch" => new(runState.Word, Tone.Warning, IconShape.Pause, "QEMU waits to be told to begin; Resume does."),
        "suspended" => new(runState.Word, Tone.Warning, IconShape.Pause, "The guest sleeps (ACPI S3)."),
        "shutdown" => new(runState.Word, Tone.Quiet, IconShape.Circle, "The guest has shut down; QEMU is still there."),
        "guest-panicked" => new(runState.Word, Tone.Bad, IconShape.Warning, "The guest's kernel panicked."),
        "io-error" => new(runState.Word, Tone.Bad, IconShape.Warning, "A disk failed and QEMU stopped the guest; Resume tries again."),
        "internal-error" => new(runState.Word, Tone.Bad, IconShape.Warning, "QEMU cannot go on with this guest; only a reset helps."),
        "watchdog" => new(runState.Word, Tone.Bad, IconShape.Warning, "The guest's watchdog ran out and QEMU stopped it."),
        "save-vm" or "restore-vm" or "inmigrate" or "postmigrate" or "finish-migrate" => new(runState.Word, Tone.Busy, IconShape.Busy, Detail: null),
        _ => new(runState.Word, Tone.Warning, IconShape.Info, Detail: null),
    };

    private static string Crash(VmProcessState.Exited exited) => exited.Status is { } status
        ? $"QEMU ended by itself with exit status {status}."
        : "QEMU ended by itself; nobody saw its exit status.";
}
