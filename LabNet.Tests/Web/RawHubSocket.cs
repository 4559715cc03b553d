using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using LabNet.Core.Vms;
using LabNet.Web.Hubs;

namespace LabNet.Tests.Web;

/// <summary>A client of the hub that reads only when it is told to; SignalR's own takes everything into its memory at once.</summary>
internal sealed class RawHubSocket : IDisposable
{
    private const char RecordSeparator = '\u001e';

    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly StringBuilder _text = new();
    private readonly Queue<JsonElement> _messages = new();

    public static async Task<RawHubSocket> WatchAsync(TestApp app, WatchFilter filter)
    {
        var client = new RawHubSocket();
        client._socket.Options.SetRequestHeader("Authorization", "Bearer " + (await app.TokenAsync(Role.Viewer)).Secret.Reveal());
        await client._socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = HubRegistration.Path }.Uri, TestRun.Ended);
        await client.SendAsync("""{"protocol":"json","version":1}""");
        var wanted = JsonSerializer.Serialize(filter, JsonSerializerOptions.Web);
        await client.SendAsync($$"""{"type":4,"invocationId":"1","target":"Watch","arguments":[{{wanted}}]}""");
        return client;
    }

    /// <summary>The next item of the stream.</summary>
    public async Task<JsonElement> NextAsync()
    {
        while (true)
        {
            while (_messages.TryDequeue(out var message))
            {
                if (message.TryGetProperty("type", out var type) && type.GetInt32() is 2 or 3)
                {
                    return type.GetInt32() == 2 ? message.GetProperty("item") : throw new InvalidOperationException(message.GetProperty("error").GetString());
                }
            }

            var result = await _socket.ReceiveAsync(_buffer.AsMemory(), TestRun.Ended);
            _text.Append(Encoding.UTF8.GetString(_buffer, 0, result.Count));
            Split();
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Split()
    {
        var parts = _text.ToString().Split(RecordSeparator);
        foreach (var part in parts[..^1])
        {
            _messages.Enqueue(JsonElement.Parse(part));
        }

        _text.Clear().Append(parts[^1]);
    }

    private Task SendAsync(string message) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(message + RecordSeparator), WebSocketMessageType.Text, endOfMessage: true, TestRun.Ended);
}
