using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.Recovery;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>What the recovery's part says.</summary>
internal static partial class RecoveryWords
{
    public static string Name(RecoveryAction action) => action switch
    {
        RecoveryAction.None => "Leave it as it is",
        RecoveryAction.Restart => "Start it anew",
        RecoveryAction.RestoreLast => "Restore its last snapshot",
        _ => "Restore the snapshot …",
    };

    /// <summary>What it does, and what it costs.</summary>
    public static string What(RecoveryAction action) => action switch
    {
        RecoveryAction.None => "The crash is written down with what is known of it, and the VM stays as it is until somebody starts it.",
        RecoveryAction.Restart =>
            "QEMU is started anew and the guest boots from its disk, as after a power cut. What was only in its memory is lost, and what was plugged in is gone. It takes as long as a boot.",
        RecoveryAction.RestoreLast =>
            "The newest snapshot that the machine came from is restored: memory, devices and disk as they were then. All that was done since is lost, on the disk too. It takes seconds. Where no snapshot can be restored, the guest boots.",
        _ => "This snapshot is restored each time, whatever was taken after it: memory, devices and disk as they were then. All that was done since is lost, on the disk too. It takes seconds.",
    };

    public static string Name(CrashKind kind) => kind switch
    {
        CrashKind.QemuKilled => "QEMU was killed",
        CrashKind.QemuAborted => "QEMU crashed",
        CrashKind.QemuEnded => "QEMU ended by itself",
        CrashKind.QemuGone => "QEMU was gone",
        CrashKind.GuestPanicked => "Kernel panic",
        CrashKind.Watchdog => "Watchdog ran out",
        CrashKind.InternalError => "QEMU's internal error",
        _ => "Guest hung",
    };

    public static (string Word, Tone Tone, IconShape Icon) Of(IncidentOutcome outcome) => outcome switch
    {
        IncidentOutcome.Recovering => ("is being brought back", Tone.Busy, IconShape.Busy),
        IncidentOutcome.Recovered => ("came back", Tone.Good, IconShape.Check),
        IncidentOutcome.Running => ("runs, does not answer", Tone.Warning, IconShape.Warning),
        IncidentOutcome.Left => ("left as it was", Tone.Quiet, IconShape.Circle),
        IncidentOutcome.BreakerOpen => ("left: breaker open", Tone.Bad, IconShape.Warning),
        IncidentOutcome.Cancelled => ("cancelled", Tone.Quiet, IconShape.Cross),
        IncidentOutcome.Superseded => ("somebody was faster", Tone.Quiet, IconShape.Circle),
        IncidentOutcome.CrashedAgain => ("crashed again", Tone.Bad, IconShape.Cross),
        _ => ("not brought back", Tone.Bad, IconShape.Cross),
    };

    public static string Seconds(double? ms) => ms is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / 1000:0.00} s") : "–";

    /// <summary>A console's output as lines to read: without colours, cursor movements and whatever else a terminal would obey.</summary>
    public static string Plain(byte[] console)
    {
        var text = TerminalSequence().Replace(Encoding.UTF8.GetString(console).ReplaceLineEndings("\n"), "");
        return string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t'));
    }

    /// <summary>ECMA-48: a control sequence, an operating system command, or an escape with its one character.</summary>
    [GeneratedRegex(@"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b.", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TerminalSequence();
}
