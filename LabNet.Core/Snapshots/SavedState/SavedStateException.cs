namespace LabNet.Core.Snapshots;

/// <summary>The machine's state in a snapshot is not in the format of QEMU's migration stream as it is read here. The message says where and what.</summary>
public sealed class SavedStateException(string message) : Exception(message);
