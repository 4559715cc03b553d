using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LabNet.Tests.GuestAgent;

/// <summary>
/// A guest agent behind QEMU's socket, played by the test. As the real one it takes bytes as they come: 0xFF throws away what it has read
/// of a command so far, and its answer to guest-sync-delimited begins with 0xFF. What it says while nobody is connected waits in the guest
/// for the next one who is.
/// </summary>
internal sealed class FakeGuestAgent : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Queue<AgentCommand> _read = new();
    private readonly List<byte> _line = [];
    private readonly List<byte> _unheard = [];
    private Socket? _connection;

    public FakeGuestAgent()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder.File("qga")));
        _listener.Listen();
    }

    public int Connections { get; private set; }

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder.File("qga")), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The next command that is no synchronization; those are answered on the way.</summary>
    public async Task<AgentCommand> ReadAsync(CancellationToken? cancellation = null)
    {
        while (true)
        {
            var command = await ReadAnyAsync(cancellation);
            if (command.Name != "guest-sync-delimited")
            {
                return command;
            }

            await SyncAsync(command);
        }
    }

    /// <summary>The next command, be it what it may, unanswered.</summary>
    public async Task<AgentCommand> ReadAnyAsync(CancellationToken? cancellation = null)
    {
        var token = cancellation ?? TestContext.Current.CancellationToken;
        var buffer = new byte[4096];
        while (true)
        {
            if (_read.TryDequeue(out var command))
            {
                return command;
            }

            await AcceptAsync(token);
            Take(buffer.AsSpan(0, await ReceiveAsync(buffer, token)));
        }
    }

    public Task SyncAsync(AgentCommand sync) =>
        SendAsync((byte[])[0xFF, .. Encoding.UTF8.GetBytes($$"""{"return": {{sync.Arguments.GetProperty("id").GetRawText()}}}""" + "\n")]);

    public Task SayAsync(string line) => SendAsync(Encoding.UTF8.GetBytes(line + "\n"));

    public Task ReturnAsync(string value) => SayAsync($$"""{"return": {{value}}}""");

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (_connection is not null && !bytes.IsEmpty)
            {
                bytes = bytes[await _connection.SendAsync(bytes, TestContext.Current.CancellationToken)..];
            }
        }
        catch (SocketException)
        {
            Disconnect();
        }

        _unheard.AddRange(bytes.Span);
    }

    /// <summary>QEMU goes, or another client takes the socket.</summary>
    public void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
        _line.Clear();
    }

    public ValueTask DisposeAsync()
    {
        Disconnect();
        _listener.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <returns>0 when the client went away.</returns>
    private async Task<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var bytes = 0;
        try
        {
            bytes = _connection is null ? 0 : await _connection.ReceiveAsync(buffer, cancellation);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It left something unread.
        }

        if (bytes == 0)
        {
            Disconnect();
        }

        return bytes;
    }

    private async Task AcceptAsync(CancellationToken cancellation)
    {
        if (_connection is not null)
        {
            return;
        }

        _connection = await _listener.AcceptAsync(cancellation);
        Connections++;
        var unheard = _unheard.ToArray();
        _unheard.Clear();
        await SendAsync(unheard);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (b == 0xFF)
            {
                _line.Clear();
            }
            else if (b == '\n')
            {
                var root = JsonElement.Parse(_line.ToArray());
                _read.Enqueue(new AgentCommand(root.GetProperty("execute").GetString()!, root.TryGetProperty("arguments", out var a) ? a : default));
                _line.Clear();
            }
            else
            {
                _line.Add(b);
            }
        }
    }
}

internal sealed record AgentCommand(string Name, JsonElement Arguments)
{
    public long Number => Arguments.GetProperty("pid").GetInt64();

    public string NumberText => Number.ToString(CultureInfo.InvariantCulture);
}
