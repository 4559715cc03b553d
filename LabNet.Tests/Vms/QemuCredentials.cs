using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LabNet.Tests.Vms;

/// <summary>A CA and the folders that QEMU's <c>tls-creds-x509</c> reads, for the server and for its clients.</summary>
internal sealed class QemuCredentials : IDisposable
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UtcNow.AddDays(-2);
    private static readonly DateTimeOffset End = DateTimeOffset.UtcNow.AddDays(2);

    private readonly TestFolder _folder = new();
    private readonly X509Certificate2 _authority = MakeAuthority();

    public string Server(string name, string? address = "127.0.0.1", DateTimeOffset? until = null) => Write(name, "server", "1.3.6.1.5.5.7.3.1", address, until);

    public string Client(string name) => Write(name, "client", "1.3.6.1.5.5.7.3.2", address: null, until: null);

    /// <summary>A folder with the CA's certificate alone.</summary>
    public string Authority(string name)
    {
        var folder = Directory.CreateDirectory(_folder.File(name)).FullName;
        File.WriteAllText(Path.Join(folder, "ca-cert.pem"), _authority.ExportCertificatePem());
        return folder;
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    private static X509Certificate2 MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=LabNet test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return request.CreateSelfSigned(Begin, End);
    }

    private string Write(string name, string role, string purpose, string? address, DateTimeOffset? until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        if (address is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Parse(address));
            request.CertificateExtensions.Add(names.Build());
        }

        using var certificate = request.Create(_authority, Begin.AddHours(1), until ?? End.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        var folder = Authority(name);
        File.WriteAllText(Path.Join(folder, $"{role}-cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Join(folder, $"{role}-key.pem"), key.ExportPkcs8PrivateKeyPem());
        return folder;
    }
}
