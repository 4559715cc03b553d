using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <param name="RevokedAt">Null while it is good.</param>
public sealed record TokenContract(string Id, string Name, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    internal static TokenContract Of(AccessToken token) =>
        new(token.Id.ToString(), token.Name.ToString(), token.Role, token.CreatedAt, token.RevokedAt);
}

/// <param name="Name">1 to 64 letters, digits, spaces and . _ @ -; unique among the good tokens.</param>
/// <param name="Role">What its holder may do.</param>
public sealed record NewTokenRequest(string Name, Role Role);

/// <param name="Secret">Shown this once: LabNet keeps only its hash.</param>
public sealed record NewTokenContract(string Id, string Name, Role Role, DateTimeOffset CreatedAt, string Secret);

/// <summary>Who may do what.</summary>
public static class TokenEndpoints
{
    internal static void Map(IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Tokens").RequireAuthorization(AccessPolicies.Admin);
        tokens.MapGet("", GetTokens);
        tokens.MapPost("", CreateTokenAsync).ProducesProblems(ProblemType.BadInput, ProblemType.Conflict);
        tokens.MapDelete("/{id}", RevokeTokenAsync).ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
    }

    /// <summary>All tokens, the revoked ones too, oldest first.</summary>
    internal static IReadOnlyList<TokenContract> GetTokens(AccessTokens tokens) => [.. tokens.List().Select(TokenContract.Of)];

    /// <summary>Makes a token.</summary>
    internal static async Task<Created<NewTokenContract>> CreateTokenAsync(
        RequestBody<NewTokenRequest> body, AccessTokens tokens, HttpContext context)
    {
        if (!TokenName.TryParse(body.Value.Name, out var name))
        {
            throw new BadInputException($"name: \"{body.Value.Name}\" is no name of a token: {TokenName.Told}.");
        }

        var (token, secret) = await tokens.CreateAsync(name, body.Value.Role, context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.Created(
            $"{LabNetApi.Root}/tokens",
            new NewTokenContract(token.Id.ToString(), token.Name.ToString(), token.Role, token.CreatedAt, secret.Reveal()));
    }

    /// <summary>Revokes a token: it is refused from now on, and what goes on under it ends.</summary>
    /// <param name="id">The token's id, not its secret.</param>
    internal static async Task<NoContent> RevokeTokenAsync(string id, AccessTokens tokens, HttpContext context) =>
        TokenId.TryParse(id, out var token) && await tokens.RevokeAsync(token, context.User.ToActor("api"), context.RequestAborted)
            ? TypedResults.NoContent()
            : throw new UnknownThingException($"There is no token with the id \"{id}\". {LabNetApi.Root}/tokens lists them.");
}
