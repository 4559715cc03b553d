namespace LabNet.Core.Snapshots;

/// <summary>
/// A qcow2 file cannot be read as it is: it breaks its format, uses a feature that is not read here, or changed under the reader's hands.
/// The message says which, for people.
/// </summary>
public sealed class Qcow2Exception(string message) : Exception(message)
{
    /// <summary>Whether QEMU changed the file meanwhile, so that opening it anew may help.</summary>
    public bool HasChanged { get; init; }
}
