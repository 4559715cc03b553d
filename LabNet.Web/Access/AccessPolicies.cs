using LabNet.Core.Vms;
using Microsoft.AspNetCore.Authorization;

namespace LabNet.Web.Access;

/// <summary>The names of the policies, for <c>RequireAuthorization</c>, <c>[Authorize(Policy = …)]</c> and <c>AuthorizeView</c>.</summary>
public static class AccessPolicies
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";

    internal static void Configure(AuthorizationOptions options)
    {
        options.AddPolicy(Viewer, policy => policy.AddRequirements(new RoleRequirement(Role.Viewer)));
        options.AddPolicy(Operator, policy => policy.AddRequirements(new RoleRequirement(Role.Operator)));
        options.AddPolicy(Admin, policy => policy.AddRequirements(new RoleRequirement(Role.Admin)));

        // What says nothing of itself, an address that leads nowhere included, is for those who are logged in.
        options.DefaultPolicy = options.GetPolicy(Viewer)!;
        options.FallbackPolicy = options.DefaultPolicy;
    }
}

/// <summary>Met by this role and the ones above it.</summary>
internal sealed class RoleRequirement(Role role) : AuthorizationHandler<RoleRequirement>, IAuthorizationRequirement
{
    public Role Role { get; } = role;

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RoleRequirement requirement)
    {
        if (context.User.Role() >= requirement.Role)
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
