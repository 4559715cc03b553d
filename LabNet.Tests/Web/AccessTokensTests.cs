using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Components.Authorization;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class AccessTokensTests : IAsyncLifetime
{
    private readonly TestApp _app = new();

    private string AdminTokenPath => Path.Join(_app.StateFolder, "admin-token");

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_secret_is_found_and_only_its_hash_is_kept()
    {
        var (token, secret) = await _app.TokenAsync(Role.Operator);
        Assert.Equal(token, _app.Tokens.Find(secret));
        Assert.Matches("^labnet_[A-Za-z0-9_-]{43}$", secret.Reveal());
        Assert.DoesNotContain(secret.Reveal(), secret.ToString(), StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(_app.StateFolder, "lab.db*"))
        {
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, TestRun.Ended)).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(secret.Reveal())));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("labnet_")]
    [InlineData("labnet_AAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("labnet_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!")]
    [InlineData("labnet_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_has_not_the_form_of_a_secret_is_none(string text) => Assert.False(TokenSecret.TryParse(text, out _));

    [Fact]
    public async Task A_revoked_token_is_refused_at_once_and_what_goes_on_under_it_is_told()
    {
        using var client = await _app.NewClientAsync(Role.Viewer);
        var token = (await _app.TokenAsync(Role.Viewer)).Token;
        var ended = new TaskCompletionSource();
        await using var watch = _app.Tokens.Revocation(token.Id).Register(ended.SetResult);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);

        Assert.True(await _app.Tokens.RevokeAsync(token.Id, Actor.LabNet, TestRun.Ended));
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestRun.Ended);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
        Assert.True(_app.Tokens.Revocation(token.Id).IsCancellationRequested);
    }

    [Fact]
    public async Task A_token_that_another_process_revoked_is_refused_after_some_seconds()
    {
        var (token, secret) = await _app.TokenAsync(Role.Viewer);
        Assert.NotNull(_app.Tokens.Find(secret));
        await _app.Get<Database>().WriteAsync("UPDATE tokens SET revoked_ns = 1 WHERE id = @id", new { id = token.Id.ToString() }, TestRun.Ended);
        _app.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(_app.Tokens.Find(secret));
    }

    [Fact]
    public async Task The_last_admin_token_cannot_be_revoked()
    {
        var first = Assert.Single(_app.Tokens.List());
        await Assert.ThrowsAsync<TokenConflictException>(() => _app.Tokens.RevokeAsync(first.Id, Actor.LabNet, TestRun.Ended));
        Assert.Null(Assert.Single(_app.Tokens.List()).RevokedAt);

        await _app.TokenAsync(Role.Admin);
        Assert.True(await _app.Tokens.RevokeAsync(first.Id, Actor.LabNet, TestRun.Ended));
    }

    [Fact]
    public async Task A_name_is_taken_until_its_token_is_revoked()
    {
        var token = (await _app.TokenAsync(Role.Viewer)).Token;
        await Assert.ThrowsAsync<TokenConflictException>(() => _app.Tokens.CreateAsync(token.Name, Role.Viewer, Actor.LabNet, TestRun.Ended));
        await _app.Tokens.RevokeAsync(token.Id, Actor.LabNet, TestRun.Ended);
        await _app.Tokens.CreateAsync(token.Name, Role.Viewer, Actor.LabNet, TestRun.Ended);
    }

    [Fact]
    public async Task Only_an_admin_makes_and_revokes_tokens()
    {
        var viewer = new Actor("v", Role.Operator, "hub");
        await Assert.ThrowsAsync<ForbiddenException>(() => _app.Tokens.CreateAsync(TokenName.Parse("x"), Role.Viewer, viewer, TestRun.Ended));
        await Assert.ThrowsAsync<ForbiddenException>(() => _app.Tokens.RevokeAsync(_app.Tokens.List()[0].Id, viewer, TestRun.Ended));
    }

    [Fact]
    public async Task A_token_is_made_listed_and_revoked_over_the_API_and_the_audit_log_tells_it()
    {
        using var admin = await _app.NewClientAsync(Role.Admin);
        using var made = await admin.PostAsJsonAsync("/api/v1/tokens", new { name = "ci", role = "operator" }, TestRun.Ended);
        var token = await made.Content.ReadFromJsonAsync<JsonElement>(TestRun.Ended);
        var id = token.GetProperty("id").GetString();
        Assert.Equal("2026-11-22T10:00:00.000000Z", token.GetProperty("createdAt").GetString());

        using var its = _app.NewClient();
        its.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("secret").GetString());
        Assert.Equal(HttpStatusCode.OK, (await its.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/tokens/{id}", TestRun.Ended)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await its.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);

        var listed = await admin.GetFromJsonAsync<JsonElement>("/api/v1/tokens", TestRun.Ended);
        var last = listed.EnumerateArray().Last();
        Assert.Equal(("ci", "operator"), (last.GetProperty("name").GetString(), last.GetProperty("role").GetString()));
        Assert.NotEqual(JsonValueKind.Null, last.GetProperty("revokedAt").ValueKind);
        Assert.DoesNotContain("secret", listed.GetRawText(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"test admin token-create accepted ci (operator, {id})", AuditLines.Of(_app, "token-create"));
        Assert.Equal([$"test admin token-revoke accepted ci (operator, {id})"], AuditLines.Of(_app, "token-revoke"));
    }

    [Fact]
    public void The_first_start_writes_an_admin_token_that_only_its_owner_can_read()
    {
        Assert.True(TokenSecret.TryParse(File.ReadAllText(AdminTokenPath).Trim(), out var secret));
        Assert.Equal(("admin", Role.Admin), (_app.Tokens.Find(secret)!.Name.ToString(), _app.Tokens.Find(secret)!.Role));
        Assert.Equal("600", Convert.ToString((int)File.GetUnixFileMode(AdminTokenPath), 8));
        Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(_app.StateFolder), 8));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_renews_an_admin_token_whose_file_is_lost_and_leaves_a_good_one(bool isLost)
    {
        var folder = Directory.CreateTempSubdirectory("labnet-web-").FullName;
        try
        {
            string before;
            await using (var first = await TestApp.StartAsync(folder))
            {
                var path = Path.Join(first.StateFolder, "admin-token");
                before = await File.ReadAllTextAsync(path, TestRun.Ended);
                if (isLost)
                {
                    File.Delete(path);
                }
            }

            await using var second = await TestApp.StartAsync(folder);
            Assert.True(TokenSecret.TryParse(before.Trim(), out var old));
            Assert.Equal(isLost, second.Tokens.Find(old) is null);
            Assert.Equal(isLost, before != await File.ReadAllTextAsync(Path.Join(second.StateFolder, "admin-token"), TestRun.Ended));
            Assert.Single(second.Tokens.List(), token => token.RevokedAt is null);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_circuits_components_learn_that_the_token_was_revoked()
    {
        var token = (await _app.TokenAsync(Role.Viewer)).Token;
        using var provider = new RevocableAuthenticationState(_app.Tokens);
        provider.SetAuthenticationState(Task.FromResult(new AuthenticationState(token.ToPrincipal(CookieLogin.SchemeName))));
        var changed = new TaskCompletionSource<AuthenticationState>();
        provider.AuthenticationStateChanged += async state => changed.TrySetResult(await state);
        Assert.True((await provider.GetAuthenticationStateAsync()).User.Identity!.IsAuthenticated);

        await _app.Tokens.RevokeAsync(token.Id, Actor.LabNet, TestRun.Ended);
        Assert.False((await changed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestRun.Ended)).User.Identity!.IsAuthenticated);
    }
}
