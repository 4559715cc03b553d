using System.Net.Security;

namespace LabNet.Core.Hosts;

/// <summary>
/// TLS as a QMP monitor of QEMU 7.2 can take it: the last byte of each write, a frame's line feed, goes in a record of its own.
/// </summary>
/// <remarks>
/// That monitor reads one byte at a time and waits for the socket in between. The rest of a record has then left the socket for the
/// TLS library, so that a command lies there unread until something else comes; the line feed that is still in the socket is just that.
/// Measured with 7.2.22; harmless where a newer QEMU looks into the library too.
/// </remarks>
internal sealed class QmpTlsStream(Stream inner) : SslStream(inner, leaveInnerStreamOpen: false)
{
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > 1)
        {
            await base.WriteAsync(buffer[..^1], cancellationToken);
        }

        await base.WriteAsync(buffer[Math.Max(0, buffer.Length - 1)..], cancellationToken);
    }
}
