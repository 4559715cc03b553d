using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace LabNet.Web.Access;

/// <summary><c>Authorization: Bearer labnet_…</c> (RFC 6750 § 2.1).</summary>
internal sealed partial class BearerAuthentication(
    AccessTokens tokens, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    private const string Prefix = SchemeName + " ";

    /// <summary>Who sends a Bearer token is judged by it alone, also when a cookie comes along.</summary>
    public static bool IsUsedBy(HttpRequest request) =>
        request.Headers.Authorization.Any(value => value?.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) is true);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (!TokenSecret.TryParse(header[Prefix.Length..].Trim(), out var secret) || tokens.Find(secret) is not { } token)
        {
            LogRefused(Logger, Context.Connection.RemoteIpAddress);
            return Task.FromResult(AuthenticateResult.Fail("The token is unknown or revoked."));
        }

        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(token.ToPrincipal(Scheme.Name), Scheme.Name)));
    }

    [LoggerMessage(3002, LogLevel.Information, "A request from {Address} came with a token that is unknown or revoked")]
    private static partial void LogRefused(ILogger logger, System.Net.IPAddress? address);
}
