using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using LabNet.Core.Vms;

namespace LabNet.Web.Access;

/// <summary>Names a token in URLs and cookies; says nothing about its secret.</summary>
public readonly partial record struct TokenId
{
    private readonly string? _text;

    private TokenId(string text) => _text = text;

    public static TokenId New() => new(Guid.CreateVersion7().ToString("N"));

    public static bool TryParse([NotNullWhen(true)] string? text, out TokenId id)
    {
        var matches = text is not null && Pattern().IsMatch(text);
        id = matches ? new TokenId(text!) : default;
        return matches;
    }

    public override string ToString() => _text ?? "";

    [GeneratedRegex(@"\A[0-9a-f]{32}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}

/// <summary>What people call a token. It stands in the audit log as the actor, so it cannot look like LabNet's own <c>(names)</c>.</summary>
public readonly partial record struct TokenName
{
    public const string Told = "1 to 64 letters, digits, spaces and . _ @ -, beginning with a letter or digit";

    private readonly string? _text;

    private TokenName(string text) => _text = text;

    public static bool TryParse([NotNullWhen(true)] string? text, out TokenName name)
    {
        var matches = text is not null && Pattern().IsMatch(text);
        name = matches ? new TokenName(text!) : default;
        return matches;
    }

    public static TokenName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"\"{text}\" is no name of a token: {Told}.");

    public override string ToString() => _text ?? "";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}

/// <param name="Name">Unique among the tokens that are not revoked.</param>
/// <param name="RevokedAt">Null while it is good.</param>
public sealed record AccessToken(TokenId Id, TokenName Name, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>A token just made: the only moment at which its secret is known.</summary>
public sealed record NewAccessToken(AccessToken Token, TokenSecret Secret);

/// <summary>The tokens are not in a state in which this can be done; the message says what would have to be different.</summary>
public sealed class TokenConflictException(string message) : Exception(message);
