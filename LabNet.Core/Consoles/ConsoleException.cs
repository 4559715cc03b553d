namespace LabNet.Core.Consoles;

/// <summary>What was typed did not reach the guest; the message says why.</summary>
public sealed class ConsoleException(string message) : Exception(message);
