namespace LabNet.Core.RemoteDevices;

/// <summary>What a device of another process can meet.</summary>
public abstract class RemoteDeviceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>There is no QEMU at the other end, or it went away before it answered.</summary>
public sealed class RemoteDeviceDisconnectedException(string message, Exception? inner = null) : RemoteDeviceException(message, inner);

/// <summary>QEMU refused a transfer: bus mastering is off, or there is no memory at the address.</summary>
public sealed class DmaRefusedException(ulong address, int bytes) : RemoteDeviceException($"QEMU refused to transfer {bytes} bytes at 0x{address:x}.")
{
    public ulong Address { get; } = address;

    public int Bytes { get; } = bytes;
}

/// <summary>What came is not the protocol of docs/pci-remote.md, or another version of it.</summary>
public sealed class RemoteDeviceProtocolException(string message) : RemoteDeviceException(message);
