namespace LabNet.Web.Access;

/// <summary>
/// The circuits of the dashboard and the hub's connections: they outlive the request in which the user was looked at. When the token is
/// revoked the connection is cut, and the browser's attempt to come back is refused.
/// </summary>
internal static class LiveConnections
{
    public static bool IsOne(PathString path) =>
        path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/hubs", StringComparison.OrdinalIgnoreCase);

    public static void UseLiveConnections(this IApplicationBuilder app)
    {
        var tokens = app.ApplicationServices.GetRequiredService<AccessTokens>();
        app.UseWhen(context => IsOne(context.Request.Path), live => live.Use(async (context, next) =>
        {
            if (context.User.TokenId() is not { } id)
            {
                await next(context);
                return;
            }

            await using var cut = tokens.Revocation(id).Register(context.Abort);
            await next(context);
        }));
    }
}
