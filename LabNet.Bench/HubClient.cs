using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace LabNet.Bench;

/// <summary>A client of the hub's <c>Watch</c> that reads when it is told to, and takes the time of what it gets.</summary>
internal sealed class HubClient : IDisposable
{
    private const byte RecordSeparator = 0x1e;

    /// <summary>Small, so that a client that does not read is soon felt by the server.</summary>
    private const int ReceiveBufferBytes = 4096;

    private static readonly HttpMessageInvoker Invoker = new(new SocketsHttpHandler { ConnectCallback = ConnectAsync });

    private readonly ClientWebSocket _socket = new();

    /// <summary>From QEMU's time of a STOP or RESUME to here.</summary>
    public List<double> DelaysMs { get; private set; } = [];

    public int Gaps { get; private set; }

    public long Bytes { get; private set; }

    /// <param name="everything">All that the feed carries, and all VMs measured ten times a second; else QEMU's events of x86.</param>
    public static async Task<HubClient> WatchAsync(Uri labNet, string token, bool everything)
    {
        var client = new HubClient();
        client._socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await client._socket.ConnectAsync(new UriBuilder(labNet) { Scheme = "ws", Path = "/hubs/lab" }.Uri, Invoker, CancellationToken.None);
        await client.SendAsync("""{"protocol":"json","version":1}""");
        var filter = everything ? """{"fast":true}""" : """{"vms":["x86"],"kinds":["qmpEvent","gap"]}""";
        await client.SendAsync($$"""{"type":4,"invocationId":"1","target":"Watch","arguments":[{{filter}}]}""");
        return client;
    }

    public void Forget() => (DelaysMs, Gaps) = ([], 0);

    public void Read() => _ = ReadLoopAsync();

    public void Dispose() => _socket.Abort();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = ReceiveBufferBytes };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task ReadLoopAsync()
    {
        var buffer = new byte[1 << 20];
        var filled = 0;
        try
        {
            while (true)
            {
                var result = await _socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None);
                filled += result.Count;
                Bytes += result.Count;
                var now = DateTimeOffset.UtcNow;
                var taken = 0;
                while (buffer.AsSpan(taken, filled - taken).IndexOf(RecordSeparator) is >= 0 and var end)
                {
                    Take(buffer.AsMemory(taken, end), now);
                    taken += end + 1;
                }

                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The benchmark has closed it.
        }
    }

    private void Take(ReadOnlyMemory<byte> message, DateTimeOffset now)
    {
        if (message.Span.IndexOf("\"kind\":\"gap\""u8) >= 0)
        {
            Gaps++;
        }
        else if (message.Span.IndexOf("\"kind\":\"qmpEvent\""u8) >= 0)
        {
            using var json = JsonDocument.Parse(message);
            var told = json.RootElement.GetProperty("item").GetProperty("event");
            if (told.GetProperty("name").GetString() is "STOP" or "RESUME")
            {
                DelaysMs.Add((now - told.GetProperty("time").GetDateTimeOffset()).TotalMilliseconds);
            }
        }
    }

    private async Task SendAsync(string message) => await _socket.SendAsync(
        (byte[])[.. Encoding.UTF8.GetBytes(message), RecordSeparator], WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
