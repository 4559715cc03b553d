using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;

namespace LabNet.Web.Access;

/// <summary>Tokens, login and roles.</summary>
public static class AccessFeature
{
    private const string AnyScheme = "Any";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Needs lab.db's Database, AuditLog and TimeProvider.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, LabNetSettings settings)
    {
        services.AddSingleton<AccessTokens>();
        services.AddHostedService<AdminTokenFile>();
        services.AddSingleton<LoginAttempts>();
        services.AddSingleton<LoginEndpoints>();

        services.AddAuthentication(AnyScheme)
            .AddPolicyScheme(AnyScheme, displayName: null, options => options.ForwardDefaultSelector =
                context => BearerAuthentication.IsUsedBy(context.Request) ? BearerAuthentication.SchemeName : CookieLogin.SchemeName)
            .AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, BearerAuthentication>(
                BearerAuthentication.SchemeName, configureOptions: null)
            .AddCookie(CookieLogin.SchemeName, CookieLogin.Configure);
        services.AddAuthorization(AccessPolicies.Configure);
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusalAnswers>();
        services.AddScoped<AuthenticationStateProvider, RevocableAuthenticationState>();
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(CookieAntiforgery.Configure);

        // Beside the databases, so that logins survive a restart. The name keeps them good when the application moves to another folder.
        var keys = Directory.CreateDirectory(Path.Join(settings.StateFolder, "keys"), OwnerOnly);
        services.AddDataProtection().SetApplicationName("LabNet").PersistKeysToFileSystem(keys);
        return services;
    }

    /// <summary>Before everything that answers.</summary>
    public static void UseAccess(this IApplicationBuilder app)
    {
        app.UseSecurityHeaders();
        app.UseMiddleware<RequestSource>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseCookieAntiforgery();
        app.UseLiveConnections();
    }

    public static void MapAccess(this IEndpointRouteBuilder routes) => LoginEndpoints.Map(routes);
}
