using System.Net;
using System.Net.Sockets;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

public sealed partial class Host
{
    /// <summary>A packet filter drops without a word, and the kernel would go on trying for two minutes.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Opens the QMP socket of a QEMU that somebody else started. The greeting is the caller's to read.</summary>
    /// <exception cref="IOException">Nobody listens there, or one of both sides does not trust the other; the message says which.</exception>
    public async ValueTask<Stream> OpenQmpAsync(QmpAddress address, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return address switch
            {
                QmpAddress.Unix unix => await OpenSocketAsync(unix.Path, either.Token),
                QmpAddress.Tcp tcp => await ConnectAsync(LoopbackOf(tcp.Host), tcp.Port, either.Token),
                QmpAddress.Tls tls => await QmpTls.AuthenticateAsync(
                    await ConnectAsync(await AddressesOf(tls.Host, either.Token), tls.Port, either.Token), tls, either.Token),
                _ => throw new ArgumentOutOfRangeException(nameof(address), address, message: null),
            };
        }
        catch (SocketException e)
        {
            throw new IOException($"{address}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{address} has not answered within {ConnectTimeout.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>No resolver is asked: what it says of "localhost" may be anything.</summary>
    private static IPAddress[] LoopbackOf(string host) => host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Parse(host)];

    private static async Task<IPAddress[]> AddressesOf(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, cancellationToken);

    private static async Task<NetworkStream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var failure = new SocketException((int)SocketError.HostNotFound);
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure;
    }
}
