using System.Security.Claims;
using LabNet.Core.Vms;

namespace LabNet.Web.Access;

/// <summary>A token as ASP.NET's user, and back.</summary>
public static class TokenPrincipal
{
    /// <param name="user">Logged in.</param>
    /// <param name="origin">Where the wish came in: dashboard, api, hub.</param>
    /// <exception cref="InvalidOperationException">Nobody is logged in: the endpoint or component asks for no role.</exception>
    public static Actor ToActor(this ClaimsPrincipal user, string origin) =>
        user.Identity?.Name is { } name && user.Role() is { } role
            ? new Actor(name, role, origin)
            : throw new InvalidOperationException("Nobody is logged in.");

    /// <summary>Null if nobody is logged in.</summary>
    public static Role? Role(this ClaimsPrincipal user) =>
        RoleWords.TryParse(user.FindFirstValue(ClaimTypes.Role), out var role) ? role : null;

    internal static ClaimsPrincipal ToPrincipal(this AccessToken token, string scheme) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, token.Id.ToString()),
            new Claim(ClaimTypes.Name, token.Name.ToString()),
            new Claim(ClaimTypes.Role, token.Role.Word()),
        ],
        scheme));

    internal static TokenId? TokenId(this ClaimsPrincipal user) =>
        Access.TokenId.TryParse(user.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null;
}
