using System.Net.Sockets;
using System.Text;

namespace LabNet.Tests.Consoles;

/// <summary>QEMU's side of a serial console: a real socket, which takes one client at a time.</summary>
internal sealed class FakeConsole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private Socket? _client;

    public FakeConsole(string path)
    {
        Path = path;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    public string Path { get; }

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task AcceptAsync() => _client = await _listener.AcceptAsync(TestContext.Current.CancellationToken);

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _client!.SendAsync(bytes, TestContext.Current.CancellationToken)..];
        }
    }

    public async Task<string> ReadAsync(int bytes)
    {
        var buffer = new byte[bytes];
        var read = 0;
        while (read < bytes)
        {
            read += await _client!.ReceiveAsync(buffer.AsMemory(read), TestContext.Current.CancellationToken);
        }

        return Encoding.UTF8.GetString(buffer);
    }

    public void Hangup() => _client?.Dispose();

    public void Dispose()
    {
        Hangup();
        _listener.Dispose();
    }
}
