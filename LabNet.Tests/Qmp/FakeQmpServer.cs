using System.Net.Sockets;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>A QMP server on a real UNIX socket; the test plays QEMU, connection by connection.</summary>
internal sealed class FakeQmpServer : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<FakeQmpPeer> _peers = [];

    public FakeQmpServer()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
    }

    public string Path => _folder.File("qmp");

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async Task<FakeQmpPeer> AcceptAsync()
    {
        var peer = new FakeQmpPeer(await _listener.AcceptAsync(TestContext.Current.CancellationToken));
        _peers.Add(peer);
        return peer;
    }

    /// <summary>Lets a client connect up to where QEMU's greeting should come.</summary>
    public async Task<(FakeQmpPeer Peer, Task<QmpConnection> Negotiating)> BeginAsync(QmpOptions? options = null, TimeProvider? time = null)
    {
        var stream = await OpenAsync(TestContext.Current.CancellationToken);
        var negotiating = QmpConnection.NegotiateAsync(
            stream, options ?? new QmpOptions(), time ?? TimeProvider.System, TestContext.Current.CancellationToken);
        return (await AcceptAsync(), negotiating);
    }

    /// <summary>Lets a client connect, negotiate and start to read.</summary>
    public async Task<(FakeQmpPeer Peer, QmpConnection Connection)> ConnectAsync(
        QmpOptions? options = null, TimeProvider? time = null, Action<QmpEvent>? onEvent = null)
    {
        var (peer, negotiating) = await BeginAsync(options, time);
        await peer.NegotiateAsync();
        var connection = await negotiating;
        connection.Start(onEvent ?? (static _ => { }));
        return (peer, connection);
    }

    public ValueTask DisposeAsync()
    {
        _peers.ForEach(peer => peer.Dispose());
        _listener.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
