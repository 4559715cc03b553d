using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Live;

/// <summary>The actions as a viewer reads them.</summary>
internal static class ActionWords
{
    public static string Name(VmAction action) => action == VmAction.Powerdown ? "Power down" : action.ToString();

    /// <summary>An operation by its kind: an action, or something else that takes time.</summary>
    public static string Name(Operation operation) => VmActions.TryParse(operation.Kind, out var action) ? Name(action) : operation.Kind switch
    {
        "snapshot" => "Take snapshot",
        "restore" => "Restore",
        "snapshot-delete" => "Delete snapshot",
        PciBuilder.OperationKind => "Build of the devices",
        var kind => kind,
    };

    public static IconShape Icon(VmAction action) => action switch
    {
        VmAction.Start => IconShape.Play,
        VmAction.Pause => IconShape.Pause,
        VmAction.Resume => IconShape.Resume,
        VmAction.Reset => IconShape.Reset,
        VmAction.Powerdown => IconShape.Power,
        VmAction.Stop => IconShape.Stop,
        VmAction.Kill => IconShape.Kill,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, message: null),
    };

    /// <summary>What the button does, for who hovers over it.</summary>
    public static string Told(VmAction action, VmName vm) => action switch
    {
        VmAction.Start => $"Start {vm}",
        VmAction.Pause => $"Stop the vCPUs of {vm}; nothing is lost",
        VmAction.Resume => $"Let the vCPUs of {vm} go on",
        VmAction.Reset => $"Press the reset button of {vm}",
        VmAction.Powerdown => $"Press the power button of {vm} (ACPI)",
        VmAction.Stop => $"End {vm}: power button, then QEMU's quit, then SIGKILL",
        VmAction.Kill => $"End {vm} at once with SIGKILL",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, message: null),
    };

    /// <summary>What is lost, to be confirmed first; null where nothing is.</summary>
    public static string? Loss(VmAction action) => action switch
    {
        VmAction.Reset =>
            "The guest starts anew at once and cannot save anything before: what its programs hold in memory is lost, and files that it was just writing may be torn.",
        VmAction.Powerdown =>
            "The guest is asked to shut down. Its programs end, and what they have not saved is lost. A guest that does not listen to the power button runs on.",
        VmAction.Stop =>
            "The guest is asked to shut down. If it does not in time, QEMU is ended and then killed: then what is in memory is lost, as in a power cut.",
        VmAction.Kill =>
            "QEMU gets SIGKILL and cannot finish anything: what is in memory is lost, and the disk is left as after a power cut.",
        _ => null,
    };
}
