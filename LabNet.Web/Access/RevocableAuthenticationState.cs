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

    /// <summary>The circuit sets a state that is already known, so this does not wait.</summary>
    private async void Watch(Task<AuthenticationState> changed)
    {
        var state = await changed;
        _watch.Unregister();
        if (state.User.TokenId() is { } id)
        {
            _watch = _tokens.Revocation(id).Register(() => SetAuthenticationState(Task.FromResult(NobodyIsLoggedIn)));
        }
    }
}
