using LabNet.Web.Api;
using Microsoft.AspNetCore.Antiforgery;

namespace LabNet.Web.Access;

/// <summary>
/// A browser adds the cookie to whatever page asks; only LabNet's own pages know the antiforgery token. A Bearer token is added by nobody
/// but its holder, so those requests need none.
/// </summary>
internal static class CookieAntiforgery
{
    public const string HeaderName = "X-CSRF-TOKEN";

    public static void Configure(AntiforgeryOptions options)
    {
        options.HeaderName = HeaderName;
        options.Cookie.Name = "labnet-antiforgery";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
    }

    public static void UseCookieAntiforgery(this IApplicationBuilder app)
    {
        var antiforgery = app.ApplicationServices.GetRequiredService<IAntiforgery>();
        app.UseWhen(IsChangeByCookie, changes => changes.Use(async (context, next) =>
        {
            if (await antiforgery.IsRequestValidAsync(context))
            {
                await next(context);
                return;
            }

            await Problems.WriteAsync(context, new Problem(
                ProblemType.AntiforgeryMissing,
                $"A change that comes with the login cookie needs the antiforgery token in the header {HeaderName}. "
                    + "With a Bearer token none is needed."));
        }));
    }

    private static bool IsChangeByCookie(HttpContext context) =>
        LabNetApi.Holds(context.Request.Path)
        && context.User.Identity?.AuthenticationType == CookieLogin.SchemeName
        && !HttpMethods.IsGet(context.Request.Method)
        && !HttpMethods.IsHead(context.Request.Method);
}
