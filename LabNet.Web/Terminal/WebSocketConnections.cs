using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace LabNet.Web.Terminal;

/// <summary>
/// SignalR's transport over one WebSocket: the package that has it, Microsoft.AspNetCore.SignalR.Client, is more than a console needs.
/// </summary>
internal sealed class WebSocketConnections(string bearerToken) : IConnectionFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + bearerToken);
        try
        {
            await socket.ConnectAsync(((UriEndPoint)endpoint).Uri, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new WebSocketConnection(socket);
    }

    private sealed class WebSocketConnection : ConnectionContext
    {
        private const int ReadBytes = 16 * 1024;

        private readonly ClientWebSocket _socket;
        private readonly Pipe _received = new();
        private readonly Pipe _sent = new();
        private readonly CancellationTokenSource _closing = new();
        private readonly Task _loops;

        public WebSocketConnection(ClientWebSocket socket)
        {
            _socket = socket;
            Transport = new DuplexPipe(_received.Reader, _sent.Writer);
            _loops = Task.WhenAll(ReceiveLoopAsync(_closing.Token), SendLoopAsync(_closing.Token));
        }

        public override string ConnectionId { get; set; } = "";

        public override IDuplexPipe Transport { get; set; }

        public override Microsoft.AspNetCore.Http.Features.IFeatureCollection Features { get; } =
            new Microsoft.AspNetCore.Http.Features.FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override async ValueTask DisposeAsync()
        {
            await _closing.CancelAsync();
            await _loops;
            _socket.Dispose();
            _closing.Dispose();
            await base.DisposeAsync();
        }

        private async Task ReceiveLoopAsync(CancellationToken cancellationToken)
        {
            Exception? failure = null;
            try
            {
                while (true)
                {
                    var result = await _socket.ReceiveAsync(_received.Writer.GetMemory(ReadBytes), cancellationToken);
                    _received.Writer.Advance(result.Count);
                    if (result.MessageType == WebSocketMessageType.Close || (await _received.Writer.FlushAsync(cancellationToken)).IsCompleted)
                    {
                        break;
                    }
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                failure = e as WebSocketException;
            }

            await _received.Writer.CompleteAsync(failure);
        }

        private async Task SendLoopAsync(CancellationToken cancellationToken)
        {
            Exception? failure = null;
            try
            {
                while (true)
                {
                    var read = await _sent.Reader.ReadAsync(cancellationToken);
                    foreach (var segment in read.Buffer)
                    {
                        await _socket.SendAsync(segment, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                    }

                    _sent.Reader.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        break;
                    }
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                failure = e as WebSocketException;
            }

            await _sent.Reader.CompleteAsync(failure);
        }
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
