using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LabNet.Tests.Qmp;

/// <summary>QEMU's end of one connection.</summary>
internal sealed class FakeQmpPeer(Socket socket) : IDisposable
{
    public const string Greeting =
        """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "fake"}, "capabilities": ["oob"]}}""";

    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly StreamReader _reader = new(new NetworkStream(socket, ownsSocket: true), Encoding.UTF8);

    public async Task NegotiateAsync()
    {
        await SendAsync(Greeting);
        var command = await ReadAsync();
        Assert.Equal("qmp_capabilities", command.Name);
        await ReplyAsync(command);
    }

    /// <summary>The next command; fails if the client has closed.</summary>
    public async Task<FakeQmpCommand> ReadAsync()
    {
        var command = await ReadOrEndAsync();
        Assert.NotNull(command);
        return command;
    }

    /// <summary>The next command; null if the client has closed.</summary>
    public async Task<FakeQmpCommand?> ReadOrEndAsync()
    {
        var line = await _reader.ReadLineAsync(TestContext.Current.CancellationToken);
        if (line is null)
        {
            return null;
        }

        var root = JsonElement.Parse(line);
        return new FakeQmpCommand(root.GetProperty("execute").GetString()!, root.GetProperty("id").GetInt64(), root);
    }

    /// <summary>Ends when the client closes; what it still sends is dropped.</summary>
    public async Task UntilClosedAsync()
    {
        try
        {
            while (await _reader.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
            {
            }
        }
        catch (IOException)
        {
            // A reset is a close too: it comes when the client had unread bytes.
        }
    }

    public Task ReplyAsync(FakeQmpCommand command, string value = "{}") => SendAsync($$"""{"return": {{value}}, "id": {{command.Id}}}""");

    /// <summary>Each line with QEMU's CR LF, all in one write, which no other cuts in two.</summary>
    public Task SendAsync(params string[] lines) => SendBytesAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await socket.SendAsync(bytes, TestContext.Current.CancellationToken)..];
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>As many of the bytes as the client takes before it closes.</summary>
    public async Task<long> SendUntilRefusedAsync(long bytes)
    {
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)'x');
        var sent = 0L;
        try
        {
            while (sent < bytes)
            {
                sent += await socket.SendAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, bytes - sent)), TestContext.Current.CancellationToken);
            }
        }
        catch (SocketException)
        {
            // The client has closed.
        }

        return sent;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _sending.Dispose();
    }
}

internal sealed record FakeQmpCommand(string Name, long Id, JsonElement Root)
{
    public JsonElement Arguments => Root.GetProperty("arguments");
}
