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
