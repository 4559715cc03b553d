using System.Net.Sockets;
using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>One end of labnet-remote's protocol, message by message, which keeps no rule by itself.</summary>
internal sealed class RemotePeer : IDisposable
{
    private const int AnswerMs = 20_000;

    private readonly Socket _socket;

    public RemotePeer(Socket socket)
    {
        _socket = socket;
        _socket.ReceiveTimeout = AnswerMs;
        _socket.SendTimeout = AnswerMs;
    }

    /// <summary>To QEMU.</summary>
    public static RemotePeer Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new RemotePeer(socket);
    }

    public RemoteMessage Receive() => RemoteMessage.Parse(ReceiveBytes(RemoteMessage.Bytes));

    public RemoteMessage Receive(RemoteOp op)
    {
        var message = Receive();
        Assert.Equal(op, message.Op);
        return message;
    }

    public byte[] ReceiveBytes(int count)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var received = _socket.Receive(bytes.AsSpan(done));
            done += received != 0 ? received : throw new EndOfStreamException("The other end closed the connection.");
        }

        return bytes;
    }

    /// <summary>The connection ends, whatever comes before that.</summary>
    public void AssertClosed()
    {
        var rest = new byte[4096];
        try
        {
            while (_socket.Receive(rest) > 0)
            {
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It ended before all was read that had been sent.
        }
    }

    public void Send(RemoteMessage message, ReadOnlySpan<byte> data = default)
    {
        var bytes = new byte[RemoteMessage.Bytes + data.Length];
        message.Write(bytes);
        data.CopyTo(bytes.AsSpan(RemoteMessage.Bytes));
        SendBytes(bytes);
    }

    public void SendBytes(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>Without waiting for a peer that does not read.</summary>
    /// <returns>Whether all of it went.</returns>
    public bool TrySendBytes(ReadOnlySpan<byte> bytes)
    {
        _socket.Blocking = false;
        try
        {
            return _socket.Send(bytes, SocketFlags.None, out var error) == bytes.Length && error == SocketError.Success;
        }
        finally
        {
            _socket.Blocking = true;
        }
    }

    public void Interrupt(int vector, bool high) => Send(new(RemoteOp.Irq, Flags: high ? RemoteMessage.High : RemoteMessage.Low, Value: (ulong)vector));

    public void Answer(RemoteMessage read, ulong value) => Send(new(RemoteOp.ReadDone, Seq: read.Seq, Value: value));

    public void Greet(RemoteMessage hello) => Send(new(RemoteOp.PeerHello, Seq: hello.Seq, Value: RemoteMessage.Version));

    public void Dispose() => _socket.Dispose();
}
