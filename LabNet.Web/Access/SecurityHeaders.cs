using System.Security.Cryptography;
using LabNet.Web.Api;

namespace LabNet.Web.Access;

/// <summary>What every answer tells the browser to refuse.</summary>
public static class SecurityHeaders
{
    private const int NonceBytes = 16;
    private static readonly object NonceKey = new();

    /// <summary>
    /// For the inline script elements of this answer that the page itself writes (the import map of Blazor): <c>nonce="…"</c>. All others
    /// do not run.
    /// </summary>
    public static string ScriptNonce(this HttpContext context)
    {
        if (context.Items[NonceKey] is not string nonce)
        {
            nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));
            context.Items[NonceKey] = nonce;
        }

        return nonce;
    }

    internal static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy(context.ScriptNonce());
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            if (LabNetApi.Holds(context.Request.Path))
            {
                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next(context);
    });

    /// <summary>Radzen places its popups and Swagger UI its icons by style attributes and data: images, so these two are let in.</summary>
    private static string ContentSecurityPolicy(string nonce) =>
        $"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
}
