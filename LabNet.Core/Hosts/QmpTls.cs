using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

/// <summary>
/// The client's side of QEMU's <c>-object tls-creds-x509</c>, with the files that QEMU itself reads at a client (docs/system/tls.rst):
/// ca-cert.pem, which alone decides whom to trust, and client-cert.pem with client-key.pem for a server with <c>verify-peer=on</c>.
/// </summary>
internal sealed class QmpTls
{
    /// <summary>id-kp-serverAuth, RFC 5280 § 4.2.1.12.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly QmpAddress.Tls _address;
    private string? _mistrust;
    private bool _serverAsksForCertificate;

    private QmpTls(QmpAddress.Tls address) => _address = address;

    /// <summary>Owns the stream from here on, also when it fails.</summary>
    /// <exception cref="IOException">The credentials cannot be used, or the server is not to be trusted, or wants a certificate that is not there.</exception>
    public static async Task<Stream> AuthenticateAsync(Stream stream, QmpAddress.Tls address, CancellationToken cancellationToken)
    {
        var tls = new QmpTlsStream(stream);
        try
        {
            await new QmpTls(address).AuthenticateAsync(tls, cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private async Task AuthenticateAsync(SslStream tls, CancellationToken cancellationToken)
    {
        var authorities = Read("ca-cert.pem", path =>
        {
            var collection = new X509Certificate2Collection();
            collection.ImportFromPemFile(path);
            return collection.Count > 0 ? collection : throw new CryptographicException("it holds no certificate.");
        });
        var own = ReadOwn();
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _address.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = Policy(authorities),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Trusts(certificate as X509Certificate2, chain, errors),
        };
        if (own is null)
        {
            // Asked once before the handshake, and once more when the server wants one.
            options.LocalCertificateSelectionCallback = (_, _, _, remote, _) =>
            {
                _serverAsksForCertificate |= remote is not null;
                return null!;
            };
        }
        else
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);
        }

        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new IOException(_mistrust ?? $"The handshake with {_address} failed: {e.Message} Has that QEMU tls-creds on this port?", e);
        }

        // QEMU asks only where it verifies, and then ends the connection without a word.
        if (_serverAsksForCertificate)
        {
            throw new IOException(
                $"{_address} wants to see a client certificate (verify-peer=on), and {_address.CredentialsFolder} has no client-cert.pem with client-key.pem.");
        }
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }

    private bool Trusts(X509Certificate2? server, X509Chain? chain, SslPolicyErrors errors)
    {
        _mistrust = (server, errors) switch
        {
            (_, SslPolicyErrors.None) => null,
            (null, _) => $"{_address} shows no certificate.",
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) => ChainMistrust(server, chain),
            _ => $"The certificate of {_address} is for {NamesOf(server)}, not for {_address.Host}.",
        };
        return _mistrust is null;
    }

    private string ChainMistrust(X509Certificate2 server, X509Chain? chain)
    {
        var told = chain?.ChainStatus ?? [];
        var foreign = told.Any(status => status.Status is X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.NotSignatureValid);
        var untimely = told.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid);
        return foreign ? $"The certificate of {_address} was not issued by a CA of {_address.CredentialsFolder}/ca-cert.pem, so it is not trusted."
            : untimely ? $"The certificate of {_address}, or its CA's, is not valid now: the server's holds from {server.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} to {server.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC."
            : $"The certificate of {_address} is not trusted: {string.Join(' ', told.Select(status => status.StatusInformation.Trim()).Distinct())}";
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))
            .ToList();
        return names.Count > 0 ? string.Join(", ", names) : certificate.Subject;
    }

    private X509Certificate2? ReadOwn()
    {
        var key = Path.Join(_address.CredentialsFolder, "client-key.pem");
        return Path.Exists(Path.Join(_address.CredentialsFolder, "client-cert.pem"))
            ? Read("client-cert.pem", path => X509Certificate2.CreateFromPemFile(path, key))
            : null;
    }

    private T Read<T>(string file, Func<string, T> read)
    {
        var path = Path.Join(_address.CredentialsFolder, file);
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new IOException($"The TLS credentials for {_address} cannot be used: {path}: {e.Message}", e);
        }
    }
}
