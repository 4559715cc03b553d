using LabNet.Core.Vms;
using LabNet.Web.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace LabNet.Web.Access;

/// <summary>What somebody gets who may not: a page sends people to the login, all else answers 401 or 403 with a problem.</summary>
internal sealed class RefusalAnswers : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
        }
        else if (IsPage(context.Request))
        {
            var request = context.Request;
            context.Response.Redirect(LoginEndpoints.LoginUrl(authorizeResult.Forbidden ? "forbidden" : null, request.Path + request.QueryString));
        }
        else if (authorizeResult.Forbidden)
        {
            await Problems.WriteAsync(context, RoleTooSmall(context, policy));
        }
        else
        {
            context.Response.Headers.WWWAuthenticate = BearerAuthentication.SchemeName;
            await Problems.WriteAsync(context, new Problem(
                ProblemType.NotLoggedIn,
                BearerAuthentication.IsUsedBy(context.Request)
                    ? "The token is unknown or revoked."
                    : "Send \"Authorization: Bearer <token>\", or log in with a browser."));
        }
    }

    private static Problem RoleTooSmall(HttpContext context, AuthorizationPolicy policy)
    {
        var actor = context.User.ToActor("api");
        var required = policy.Requirements.OfType<RoleRequirement>().Max(requirement => requirement.Role);
        return new Problem(
            ProblemType.RoleTooSmall,
            $"{actor.Name} is {actor.Role.Word()}; {context.Request.Method} {context.Request.Path} needs {required.Word()}.");
    }

    private static bool IsPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && !LabNetApi.Holds(request.Path)
        && !LiveConnections.IsOne(request.Path)
        && !BearerAuthentication.IsUsedBy(request);
}
