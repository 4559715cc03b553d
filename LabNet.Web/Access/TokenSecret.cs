using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace LabNet.Web.Access;

/// <summary>
/// What proves that somebody holds a token: <c>labnet_</c> and 32 random bytes in base64url (RFC 4648 § 5, without padding). With 256 bits
/// of chance a plain SHA-256 is enough to keep; a slow password hash would only slow every request.
/// </summary>
public readonly record struct TokenSecret
{
    private const string Prefix = "labnet_";
    private const int RandomBytes = 32;

    private readonly string? _text;

    private TokenSecret(string text) => _text = text;

    public static TokenSecret New() => new(Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)));

    public static bool TryParse([NotNullWhen(true)] string? text, out TokenSecret secret)
    {
        secret = default;
        if (text is null
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Base64Url.IsValid(text.AsSpan(Prefix.Length), out var bytes)
            || bytes != RandomBytes)
        {
            return false;
        }

        secret = new TokenSecret(text);
        return true;
    }

    /// <summary>The only thing that is stored.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Reveal()));

    /// <summary>The text itself, to be shown to its owner once.</summary>
    public string Reveal() => _text ?? throw new InvalidOperationException("This secret was never made.");

    /// <summary>Nothing of it, so that no log line can carry it.</summary>
    public override string ToString() => Prefix + "…";
}
