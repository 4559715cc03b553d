namespace LabNet.Core.RemoteDevices;

/// <summary>
/// An example of a device: a UART with a FIFO of 64 bytes, and an interrupt while a byte is there. Its registers are in docs/pci-remote.md.
/// </summary>
/// <param name="sent">Gets each byte that the guest sends, by the server's thread.</param>
/// <remarks>Thread-safe.</remarks>
public sealed class UartFifo(Action<byte> sent) : RemoteDevice
{
    public const int FifoBytes = 64;
    public const uint Id = 0x31554e4c;
    public const ulong DataOffset = 0x00;
    public const ulong StatusOffset = 0x04;
    public const ulong ControlOffset = 0x08;
    public const ulong IdOffset = 0x0c;

    private readonly Lock _lock = new();
    private readonly Queue<byte> _received = new(FifoBytes);
    private bool _overrun;
    private UartControl _control;
    private bool _interrupting;

    [Flags]
    private enum UartControl
    {
        None = 0,
        Interrupt = 1,
        Loopback = 2,
    }

    /// <summary>Bytes arrive for the guest. What has no room is lost, and the guest can see that.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (var b in bytes)
            {
                Receive(b);
            }

            Interrupt();
        }
    }

    protected override ulong Read(ulong offset, int size)
    {
        lock (_lock)
        {
            return offset switch
            {
                DataOffset => Take(),
                StatusOffset => ((ulong)_received.Count << 8) | (_overrun ? 2u : 0u) | (_received.Count > 0 ? 1u : 0u),
                ControlOffset => (ulong)_control,
                IdOffset => Id,
                _ => 0,
            };
        }
    }

    protected override void Write(ulong offset, int size, ulong value)
    {
        lock (_lock)
        {
            switch (offset)
            {
                case ControlOffset:
                    _control = (UartControl)value & (UartControl.Interrupt | UartControl.Loopback);
                    break;
                case DataOffset when _control.HasFlag(UartControl.Loopback):
                    Receive((byte)value);
                    break;
                case DataOffset:
                    sent((byte)value);
                    break;
                default:
                    break;
            }

            Interrupt();
        }
    }

    protected override void Reset()
    {
        lock (_lock)
        {
            _received.Clear();
            _overrun = false;
            _control = UartControl.None;
            Interrupt();
        }
    }

    private void Receive(byte b)
    {
        if (_received.Count < FifoBytes)
        {
            _received.Enqueue(b);
        }
        else
        {
            _overrun = true;
        }
    }

    private byte Take()
    {
        var taken = _received.TryDequeue(out var b) ? b : (byte)0;
        Interrupt();
        return taken;
    }

    private void Interrupt()
    {
        var wanted = _received.Count > 0 && _control.HasFlag(UartControl.Interrupt);
        if (wanted == _interrupting)
        {
            return;
        }

        _interrupting = wanted;
        if (wanted)
        {
            RaiseInterrupt();
        }
        else
        {
            LowerInterrupt();
        }
    }
}
