using System.Collections.Concurrent;
using System.Net.Sockets;

namespace LabNet.Core.RemoteDevices;

/// <summary>One connection of a device to its VM, from HELLO to the end.</summary>
/// <remarks>
/// The socket blocks, and has a thread of its own: an answer then goes out some 20 µs earlier than by an asynchronous socket, whose reader and continuation are two
/// more threads to wake. The guest waits that long.
/// </remarks>
internal sealed class RemoteConnection(Socket socket, RemoteDevice device) : IDisposable
{
    /// <summary>What waits for its turn inside of QEMU is bounded by this, and so is what QEMU keeps for us.</summary>
    private const int TransfersMax = 8;

    private readonly ConcurrentDictionary<uint, Transfer> _transfers = new();
    private readonly SemaphoreSlim _freeTransfers = new(TransfersMax);
    private readonly Lock _sendLock = new();
    private readonly byte[] _output = new byte[RemoteMessage.Bytes + RemoteMessage.DataBytesMax];
    private readonly byte[] _input = new byte[RemoteMessage.Bytes + RemoteMessage.DataBytesMax];
    private int _inputBytes;
    private uint _seq;
    private volatile bool _ended;

    /// <summary>Serves until QEMU, or <see cref="Close"/>, ends the connection.</summary>
    /// <exception cref="RemoteDeviceProtocolException">What came is not the protocol.</exception>
    public void Serve()
    {
        try
        {
            while (Fill(RemoteMessage.Bytes))
            {
                var message = RemoteMessage.Parse(_input);
                if (message.DataBytes > RemoteMessage.DataBytesMax)
                {
                    throw new RemoteDeviceProtocolException($"{message.Op} has {message.Value} bytes.");
                }

                if (!Fill(RemoteMessage.Bytes + message.DataBytes))
                {
                    return;
                }

                Take(message, _input.AsSpan(RemoteMessage.Bytes, message.DataBytes));
                Drop(RemoteMessage.Bytes + message.DataBytes);
            }
        }
        catch (SocketException)
        {
            // QEMU was killed, or Close shut the socket down: the end, as any other.
        }
        finally
        {
            End();
        }
    }

    /// <summary>Ends <see cref="Serve"/>, from another thread.</summary>
    public void Close()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It has ended by itself.
        }
    }

    public void SendInterrupt(int vector, bool high) =>
        TrySend(new(RemoteOp.Irq, Flags: high ? RemoteMessage.High : RemoteMessage.Low, Value: (ulong)vector), default);

    public async Task<byte[]> ReadMemoryAsync(ulong address, int bytes, CancellationToken cancellationToken) =>
        await TransferAsync(new(RemoteOp.DmaRead, Address: address, Value: (ulong)bytes), default, cancellationToken);

    public async Task WriteMemoryAsync(ulong address, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        await TransferAsync(new(RemoteOp.DmaWrite, Address: address, Value: (ulong)data.Length), data, cancellationToken);

    public void Dispose() => socket.Dispose();

    private void Take(RemoteMessage message, ReadOnlySpan<byte> data)
    {
        switch (message.Op)
        {
            case RemoteOp.Hello when message.Value != RemoteMessage.Version:
                throw new RemoteDeviceProtocolException($"QEMU speaks version {message.Value} of the protocol, this is {RemoteMessage.Version}.");
            case RemoteOp.Hello:
                TrySend(new(RemoteOp.PeerHello, Seq: message.Seq, Value: RemoteMessage.Version), default);
                device.Connect(this, (message.Flags & RemoteMessage.Restored) != 0);
                break;
            case RemoteOp.Read:
                TrySend(new(RemoteOp.ReadDone, Seq: message.Seq, Value: device.ServeRead(message.Address, message.Size)), default);
                break;
            case RemoteOp.Write:
                device.ServeWrite(message.Address, message.Size, message.Value);
                break;
            case RemoteOp.Reset:
                device.ServeReset();
                break;
            case RemoteOp.Ping:
                TrySend(new(RemoteOp.Pong, Seq: message.Seq), default);
                break;
            case RemoteOp.DmaData:
                Complete(message, data);
                break;
            default:
                throw new RemoteDeviceProtocolException($"A message of the unknown kind 0x{(byte)message.Op:x2} came.");
        }
    }

    private async Task<byte[]> TransferAsync(RemoteMessage request, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _freeTransfers.WaitAsync(cancellationToken);
        request = request with { Seq = Interlocked.Increment(ref _seq) };
        var transfer = new Transfer(request);
        _transfers[request.Seq] = transfer;
        if (!TrySend(request, data.Span) || _ended)
        {
            Fail(request.Seq);
        }

        // Who cancels stops waiting; the place is taken until QEMU has answered.
        return await transfer.Answer.Task.WaitAsync(cancellationToken);
    }

    private void Complete(RemoteMessage message, ReadOnlySpan<byte> data)
    {
        if (!_transfers.TryRemove(message.Seq, out var transfer))
        {
            throw new RemoteDeviceProtocolException("DMA_DATA answers no request.");
        }

        _freeTransfers.Release();
        if ((message.Flags & RemoteMessage.Error) != 0)
        {
            transfer.Answer.SetException(new DmaRefusedException(transfer.Request.Address, (int)transfer.Request.Value));
        }
        else
        {
            transfer.Answer.SetResult(data.ToArray());
        }
    }

    private void Fail(uint seq)
    {
        if (_transfers.TryRemove(seq, out var transfer))
        {
            _freeTransfers.Release();
            transfer.Answer.SetException(new RemoteDeviceDisconnectedException("The VM went away before it answered."));
        }
    }

    private void End()
    {
        device.Disconnect();
        _ended = true;
        foreach (var seq in _transfers.Keys)
        {
            Fail(seq);
        }
    }

    private bool TrySend(RemoteMessage message, ReadOnlySpan<byte> data)
    {
        lock (_sendLock)
        {
            message.Write(_output);
            data.CopyTo(_output.AsSpan(RemoteMessage.Bytes));
            var bytes = RemoteMessage.Bytes + data.Length;
            try
            {
                for (var sent = 0; sent < bytes;)
                {
                    sent += socket.Send(_output.AsSpan(sent, bytes - sent), SocketFlags.None);
                }

                return true;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The reader sees the end too, and tells it.
                return false;
            }
        }
    }

    private bool Fill(int bytes)
    {
        while (_inputBytes < bytes)
        {
            var received = socket.Receive(_input.AsSpan(_inputBytes));
            if (received == 0)
            {
                return false;
            }

            _inputBytes += received;
        }

        return true;
    }

    private void Drop(int bytes)
    {
        _inputBytes -= bytes;
        _input.AsSpan(bytes, _inputBytes).CopyTo(_input);
    }

    private sealed class Transfer(RemoteMessage request)
    {
        public RemoteMessage Request { get; } = request;

        public TaskCompletionSource<byte[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
