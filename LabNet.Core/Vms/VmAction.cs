using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>What can be asked of a VM as a whole.</summary>
public enum VmAction
{
    Start,
    Pause,
    Resume,
    Reset,

    /// <summary>Presses the ACPI power button.</summary>
    Powerdown,

    /// <summary>Power button, then QMP quit, then SIGKILL, each when the one before did not help in time.</summary>
    Stop,

    /// <summary>SIGKILL at once.</summary>
    Kill,
}

public static class VmActions
{
    /// <summary>The word of the REST contract, such as <c>powerdown</c>.</summary>
    public static string Word(this VmAction action) => action.ToString().ToLowerInvariant();

    /// <summary>Why it cannot be done with this VM, whatever its state; null if it can.</summary>
    public static string? WhyNever(this VmAction action, LabVm vm) => (action, vm) switch
    {
        (VmAction.Start, AttachedVm) => $"LabNet did not start {vm.Name}, so it cannot start it either: whoever did can. LabNet connects by itself when QEMU is there.",
        (VmAction.Stop or VmAction.Kill, AttachedVm) =>
            $"LabNet did not start {vm.Name}, so it does not end its QEMU: that is for whoever did. Powerdown asks the guest to shut down, Pause lets it stand still.",
        _ => null,
    };

    public static bool TryParse(string? word, out VmAction action)
    {
        foreach (var candidate in Enum.GetValues<VmAction>())
        {
            if (candidate.Word() == word)
            {
                action = candidate;
                return true;
            }
        }

        action = default;
        return false;
    }
}

/// <summary>The VM is not in a state in which this can be done; the message says what would have to be different.</summary>
public sealed class VmConflictException(string message) : Exception(message);
