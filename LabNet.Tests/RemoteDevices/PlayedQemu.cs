using System.Net.Sockets;
using LabNet.Core.RemoteDevices;
using LabNet.Tests.Pci.Remote;

namespace LabNet.Tests.RemoteDevices;

/// <summary>The socket at which QEMU would listen, and a server of the device that connects to it.</summary>
internal sealed class PlayedQemu : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ended = new();

    public PlayedQemu(RemoteDevice device)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder.File("device")));
        _listener.Listen();
        Serving = new RemoteDeviceServer(device, _folder.File("device"), TimeProvider.System).RunAsync(_ended.Token);
    }

    public Task Serving { get; }

    /// <summary>Waits for the device, and greets it.</summary>
    public async Task<RemotePeer> AcceptAsync(CancellationToken cancel, ushort flags = 0)
    {
        var peer = new RemotePeer(await _listener.AcceptAsync(cancel));
        peer.Send(new(RemoteOp.Hello, Flags: flags, Seq: 1, Address: 4096, Value: RemoteMessage.Version));
        Assert.Equal(new RemoteMessage(RemoteOp.PeerHello, Seq: 1, Value: RemoteMessage.Version), peer.Receive());
        return peer;
    }

    public Task CancelAsync() => _ended.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await ((Task)Serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _ended.Dispose();
        _folder.Dispose();
    }
}

/// <summary>What a device is asked, and what it may ask for, in the test's hands.</summary>
internal sealed class OpenDevice : RemoteDevice
{
    public List<string> Calls { get; } = [];

    public Exception? ReadFails { get; set; }

    public void Raise(int vector = 0) => RaiseInterrupt(vector);

    public void Lower(int vector = 0) => LowerInterrupt(vector);

    public Task<byte[]> ReadAsync(ulong address, int bytes, CancellationToken cancel) => ReadMemoryAsync(address, bytes, cancel).AsTask();

    public Task WriteAsync(ulong address, byte[] data, CancellationToken cancel) => WriteMemoryAsync(address, data, cancel).AsTask();

    protected override ulong Read(ulong offset, int size)
    {
        Calls.Add($"read {size} at 0x{offset:x}");
        return ReadFails is null ? offset + 1 : throw ReadFails;
    }

    protected override void Write(ulong offset, int size, ulong value) => Calls.Add($"write {size} at 0x{offset:x}: 0x{value:x}");

    protected override void Reset() => Calls.Add("reset");

    protected override void Restored() => Calls.Add("restored");
}
