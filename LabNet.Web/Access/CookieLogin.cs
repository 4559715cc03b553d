using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace LabNet.Web.Access;

/// <summary>The browser's login. The cookie carries the token's id, never its secret, and is worth nothing once the token is revoked.</summary>
internal static class CookieLogin
{
    public const string SchemeName = "Cookie";

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "labnet";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromHours(12);
        options.SlidingExpiration = true;
        options.LoginPath = LoginEndpoints.LoginPath;
        options.Events.OnValidatePrincipal = RefuseRevokedAsync;
    }

    private static async Task RefuseRevokedAsync(CookieValidatePrincipalContext context)
    {
        var tokens = context.HttpContext.RequestServices.GetRequiredService<AccessTokens>();
        if (context.Principal?.TokenId() is not { } id || tokens.Find(id) is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(SchemeName);
        }
    }
}
