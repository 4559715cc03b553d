namespace LabNet.Core.GuestAgent;

/// <summary>What can go wrong between LabNet and a guest's agent, ordered by what the caller can do about it.</summary>
public abstract class GuestAgentException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The agent cannot be reached: QEMU does not run, or the guest has no agent listening.</summary>
public sealed class GuestAgentUnavailableException(string message, Exception? inner = null) : GuestAgentException(message, inner);

/// <summary>
/// The agent did not answer in time. A paused guest is like that: it gives no answer and no error. What was asked may still be carried
/// out when the guest goes on; its late answer is dropped.
/// </summary>
public sealed class GuestAgentTimeoutException(string message) : GuestAgentException(message);

/// <summary>The agent refused a command, in its own words.</summary>
public sealed class GuestAgentCommandException(string command, string errorClass, string description)
    : GuestAgentException($"The guest agent refused {command}: {description}")
{
    public string Command { get; } = command;

    public string ErrorClass { get; } = errorClass;
}
