using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace LabNet.Web.Access;

/// <summary>
/// What the login page posts to: <c>token</c>, <c>returnUrl</c> and the antiforgery field. Never by GET: secrets do not belong in URLs,
/// which end up in logs and histories.
/// </summary>
internal sealed partial class LoginEndpoints(
    AccessTokens tokens, LoginAttempts attempts, AuditLog audit, IAntiforgery antiforgery, ILogger<LoginEndpoints> logger)
{
    public const string LoginPath = "/login";
    public const string LogoutPath = "/logout";

    /// <summary>A form of three short fields; anybody may send it.</summary>
    private const int FormBytesMax = 16 * 1024;

    private static readonly Actor Nobody = new("(not logged in)", Role.Viewer, "dashboard");

    public static void Map(IEndpointRouteBuilder routes)
    {
        // A Razor page at /login takes POST too; the lower order makes this one win.
        routes.MapPost(LoginPath, (HttpContext context, LoginEndpoints login) => login.LogInAsync(context))
            .AllowAnonymous().WithOrder(-1).WithMetadata(new RequestSizeLimitAttribute(FormBytesMax)).ExcludeFromDescription();
        routes.MapPost(LogoutPath, (HttpContext context, LoginEndpoints login) => login.LogOutAsync(context))
            .WithOrder(-1).WithMetadata(new RequestSizeLimitAttribute(FormBytesMax)).ExcludeFromDescription();
    }

    /// <summary>Where to send somebody who has to log in (again), and why.</summary>
    public static string LoginUrl(string? error, string? returnUrl)
    {
        var query = error is null ? QueryString.Empty : QueryString.Create("error", error);
        return LoginPath + (Local(returnUrl) is "/" ? query : query.Add("returnUrl", returnUrl!));
    }

    private async Task<IResult> LogInAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.LocalRedirect(LoginUrl("expired", returnUrl: null));
        }

        var form = await context.Request.ReadFormAsync(cancellationToken);
        var returnUrl = form["returnUrl"].ToString();
        var from = context.Connection.RemoteIpAddress;
        if (!attempts.TryBegin(from))
        {
            LogTooMany(from);
            return TypedResults.LocalRedirect(LoginUrl("toomany", returnUrl));
        }

        try
        {
            return await LogInAsync(context, form["token"].ToString().Trim(), from, cancellationToken)
                ? TypedResults.LocalRedirect(Local(returnUrl))
                : TypedResults.LocalRedirect(LoginUrl("refused", returnUrl));
        }
        catch (DatabaseException e)
        {
            LogNoDatabase(e, from);
            return TypedResults.LocalRedirect(LoginUrl("nodatabase", returnUrl));
        }
    }

    private async Task<bool> LogInAsync(HttpContext context, string given, System.Net.IPAddress? from, CancellationToken cancellationToken)
    {
        if (!TokenSecret.TryParse(given, out var secret) || tokens.Find(secret) is not { } token)
        {
            LogRefused(from);
            await audit.WriteAsync(Nobody, "login", vm: null, $"from {from}", "refused", cancellationToken);
            return false;
        }

        attempts.Forget(from);
        await audit.WriteAsync(
            new Actor(token.Name.ToString(), token.Role, "dashboard"), "login", vm: null, $"from {from}", "accepted", cancellationToken);
        await context.SignInAsync(CookieLogin.SchemeName, token.ToPrincipal(CookieLogin.SchemeName));
        return true;
    }

    private async Task<IResult> LogOutAsync(HttpContext context)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.LocalRedirect("/");
        }

        await context.SignOutAsync(CookieLogin.SchemeName);
        return TypedResults.LocalRedirect(LoginPath);
    }

    /// <summary>The address if it is one of LabNet's own pages, else the first page.</summary>
    private static string Local(string? url) => url is ['/', ..] && RedirectHttpResult.IsLocalUrl(url) ? url : "/";

    [LoggerMessage(3003, LogLevel.Warning, "A login from {Address} was refused: the token is unknown or revoked")]
    private partial void LogRefused(System.Net.IPAddress? address);

    [LoggerMessage(3005, LogLevel.Error, "A login from {Address} was refused: lab.db cannot be used")]
    private partial void LogNoDatabase(Exception exception, System.Net.IPAddress? address);

    [LoggerMessage(3004, LogLevel.Warning, "A login from {Address} was not looked at: too many attempts")]
    private partial void LogTooMany(System.Net.IPAddress? address);
}
