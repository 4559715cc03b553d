using System.Net.Sockets;

namespace LabNet.Core.RemoteDevices;

/// <summary>Serves a device at the socket of a labnet-remote: connects, and connects again whenever QEMU, or the device's plug, was gone.</summary>
/// <param name="device">One device has one server.</param>
/// <param name="path">Where QEMU listens.</param>
/// <param name="time">What the waits between two attempts go by.</param>
public sealed class RemoteDeviceServer(RemoteDevice device, string path, TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Serves until it is cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was.</exception>
    /// <exception cref="RemoteDeviceProtocolException">What listens there is no labnet-remote, or another version of it.</exception>
    /// <remarks>An exception of the device's own ends the connection and comes out of here.</remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryConnect() is { } socket)
            {
                await ServeAsync(socket, cancellationToken);
            }

            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    private Socket? TryConnect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Not ConnectAsync: it would make the socket an asynchronous one for good (see RemoteConnection). A UNIX socket does not keep one waiting.
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var connection = new RemoteConnection(socket, device);
        await using var cancelled = cancellationToken.UnsafeRegister(static state => ((RemoteConnection)state!).Close(), connection);
        await Task.Factory.StartNew(connection.Serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
