using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace LabNet.Web.Access;

/// <summary>Who uses a circuit. When the token is revoked its components learn at once that nobody does.</summary>
internal sealed class RevocableAuthenticationState : ServerAuthenticationStateProvider, IDisposable
{
    private static readonly AuthenticationState NobodyIsLoggedIn = new(new ClaimsPrincipal(new ClaimsIdentity()));

    private readonly AccessTokens _tokens;
    private CancellationTokenRegistration _watch;

    public RevocableAuthenticationState(AccessTokens tokens)
    {
        _tokens = tokens;
        AuthenticationStateChanged += Watch;
    }

    public void Dispose()
    {
        AuthenticationStateChanged -= Watch;
        _watch.Dispose();
    }

    /// <summary>A circuit sets a state that is known already, so there is nothing to wait for.</summary>
    private void Watch(Task<AuthenticationState> changed)
    {
        _watch.Unregister();
        if (changed.IsCompletedSuccessfully && changed.Result.User.TokenId() is { } id)
        {
            _watch = _tokens.Revocation(id).Register(() => SetAuthenticationState(Task.FromResult(NobodyIsLoggedIn)));
        }
    }
}
