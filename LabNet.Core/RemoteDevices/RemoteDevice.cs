using System.Globalization;

namespace LabNet.Core.RemoteDevices;

/// <summary>
/// The behaviour of a PCI device, labnet-remote, that is outside of QEMU. A device overrides what it needs; a
/// <see cref="RemoteDeviceServer"/> joins it to a VM.
/// </summary>
/// <remarks>
/// <see cref="Read"/>, <see cref="Write"/>, <see cref="Reset"/> and <see cref="Restored"/> are called one at a time, by the server's thread. The guest's
/// vCPU, and all of its VM, waits while <see cref="Read"/> runs. Interrupts and transfers may come from any thread.
/// </remarks>
public abstract class RemoteDevice
{
    private const int Vectors = 8;

    private readonly Lock _levelsLock = new();
    private byte _levels;
    private volatile RemoteConnection? _connection;

    /// <summary>Whether a VM is there.</summary>
    public bool IsConnected => _connection is not null;

    /// <summary>The guest reads <paramref name="size"/> bytes, 1, 2, 4 or 8, at an offset of BAR 0. More bytes than these are ignored.</summary>
    protected virtual ulong Read(ulong offset, int size) => 0;

    /// <summary>The guest wrote. It does not wait.</summary>
    protected virtual void Write(ulong offset, int size, ulong value)
    {
    }

    /// <summary>The guest, or all of the machine, was reset. The interrupts are low already.</summary>
    protected virtual void Reset()
    {
    }

    /// <summary>The guest went back to a snapshot, or forward from one, about which the device knows nothing.</summary>
    protected virtual void Restored()
    {
    }

    /// <summary>
    /// Interrupts the guest: one message by MSI-X, where its driver has turned that on; else INTA# is high until <see cref="LowerInterrupt"/>. Without a VM it is
    /// remembered. May block while the VM is stopped and has not taken thousands of messages.
    /// </summary>
    protected void RaiseInterrupt(int vector = 0) => SetInterrupt(vector, high: true);

    protected void LowerInterrupt(int vector = 0) => SetInterrupt(vector, high: false);

    /// <summary>Reads the guest's memory. The answer comes by the server's thread: nothing that it calls may wait for it.</summary>
    /// <exception cref="DmaRefusedException">Bus mastering is off, or a part of it is no memory.</exception>
    /// <exception cref="RemoteDeviceDisconnectedException">There is no VM.</exception>
    protected async ValueTask<byte[]> ReadMemoryAsync(ulong address, int bytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var memory = new byte[bytes];
        for (var done = 0; done < bytes; done += RemoteMessage.DataBytesMax)
        {
            var part = memory.AsMemory(done, Math.Min(bytes - done, RemoteMessage.DataBytesMax));
            var data = await Connection().ReadMemoryAsync(address + (ulong)done, part.Length, cancellationToken);
            data.CopyTo(part);
        }

        return memory;
    }

    /// <summary>Writes the guest's memory; as <see cref="ReadMemoryAsync"/>. When it is refused, a beginning may have been written.</summary>
    protected async ValueTask WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        for (var done = 0; done < data.Length; done += RemoteMessage.DataBytesMax)
        {
            var part = data.Slice(done, Math.Min(data.Length - done, RemoteMessage.DataBytesMax));
            await Connection().WriteMemoryAsync(address + (ulong)done, part, cancellationToken);
        }
    }

    internal ulong ServeRead(ulong offset, int size) => Read(offset, size);

    internal void ServeWrite(ulong offset, int size, ulong value) => Write(offset, size, value);

    internal void ServeReset()
    {
        lock (_levelsLock)
        {
            // QEMU has lowered them, but what was raised before this reset was known may have come after that.
            for (var vector = 0; vector < Vectors; vector++)
            {
                if ((_levels & (1 << vector)) != 0)
                {
                    _connection?.SendInterrupt(vector, high: false);
                }
            }

            _levels = 0;
        }

        Reset();
    }

    /// <summary>QEMU was greeted: it holds low what it is not told of, or what a snapshot said.</summary>
    internal void Connect(RemoteConnection connection, bool restored)
    {
        lock (_levelsLock)
        {
            _connection = connection;
            for (var vector = 0; vector < Vectors; vector++)
            {
                var high = (_levels & (1 << vector)) != 0;
                if (high || restored)
                {
                    connection.SendInterrupt(vector, high);
                }
            }
        }

        if (restored)
        {
            Restored();
        }
    }

    internal void Disconnect() => _connection = null;

    private void SetInterrupt(int vector, bool high)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vector);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(vector, Vectors);
        lock (_levelsLock)
        {
            _levels = (byte)(high ? _levels | (1 << vector) : _levels & ~(1 << vector));
            _connection?.SendInterrupt(vector, high);
        }
    }

    private RemoteConnection Connection() =>
        _connection ?? throw new RemoteDeviceDisconnectedException(string.Create(CultureInfo.InvariantCulture, $"{GetType().Name} is not connected to a VM."));
}
