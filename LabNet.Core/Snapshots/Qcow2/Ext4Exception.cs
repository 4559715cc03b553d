namespace LabNet.Core.Snapshots;

/// <summary>A disk has no ext4 file system from its beginning on, or one that is not read here. The message says why; the guest wrote what it is about.</summary>
public sealed class Ext4Exception(string message) : Exception(message);
