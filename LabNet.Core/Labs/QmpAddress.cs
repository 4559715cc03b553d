using System.Text;

namespace LabNet.Core.Labs;

/// <summary>Where the QMP monitor of a QEMU listens that LabNet did not start.</summary>
/// <remarks>As text it is what the lab file says, with the path resolved.</remarks>
public abstract record QmpAddress
{
    private QmpAddress()
    {
    }

    public sealed override string ToString() => this switch
    {
        Unix unix => unix.Path,
        Tcp tcp => Join(tcp.Host, tcp.Port),
        Tls tls => Join(tls.Host, tls.Port) + " (TLS)",
        _ => throw new InvalidOperationException(),
    };

    private static string Join(string host, int port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";

    /// <summary>Its file rights say who may connect.</summary>
    /// <param name="Path">Absolute, at most <see cref="VmPaths.SocketPathBytesMax"/> bytes.</param>
    public sealed record Unix(string Path) : QmpAddress
    {
        /// <summary>How many bytes too long a path is; not above 0 for one that fits.</summary>
        public static int ExcessBytes(string path) => Encoding.UTF8.GetByteCount(path) - VmPaths.SocketPathBytesMax;
    }

    /// <summary>A port of this machine that nobody else reaches, but every user of it does.</summary>
    /// <param name="Host">A loopback address without brackets, or <c>localhost</c>.</param>
    public sealed record Tcp(string Host, int Port) : QmpAddress;

    /// <summary>A port that is guarded by QEMU's <c>-object tls-creds-x509</c>.</summary>
    /// <param name="Host">A name or an address without brackets; the server's certificate must be for it.</param>
    /// <param name="CredentialsFolder">Absolute path of a folder with the files that QEMU's <c>dir=</c> has at a client.</param>
    public sealed record Tls(string Host, int Port, string CredentialsFolder) : QmpAddress;
}
