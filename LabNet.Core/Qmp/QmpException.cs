namespace LabNet.Core.Qmp;

/// <summary>What can go wrong between LabNet and a QEMU, ordered by what the caller can do about it.</summary>
public abstract class QmpException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>No connection could be made: nobody listens at the socket, or the peer sent no greeting in time. Try again later.</summary>
public sealed class QmpConnectException(string message, Exception? inner = null) : QmpException(message, inner)
{
    /// <summary>Whether somebody took the connection and sent no greeting in time: QEMU does so while it serves another client.</summary>
    public bool NoGreeting { get; init; }
}

/// <summary>The connection ended (or there is none) before the answer came. The command may or may not have been carried out.</summary>
public sealed class QmpDisconnectedException(string message, Exception? inner = null) : QmpException(message, inner);

/// <summary>QEMU did not answer in time. The command may still be carried out; its late answer is dropped.</summary>
public sealed class QmpTimeoutException(string message) : QmpException(message);

/// <summary>The peer does not speak QMP as documented. The connection is closed.</summary>
public sealed class QmpProtocolException(string message, Exception? inner = null) : QmpException(message, inner);

/// <summary>QEMU refused a command.</summary>
/// <param name="command">The command as sent, such as <c>device_add</c>.</param>
/// <param name="errorClass">QEMU's error class, such as <c>GenericError</c> or <c>CommandNotFound</c>: what code may decide by.</param>
/// <param name="description">QEMU's text: for people, never to be parsed.</param>
public sealed class QmpCommandException(string command, string errorClass, string description)
    : QmpException($"QEMU refused {command}: {description}")
{
    public string Command { get; } = command;

    public string ErrorClass { get; } = errorClass;

    public string Description { get; } = description;
}
