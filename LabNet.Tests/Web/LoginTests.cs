using System.Net;
using System.Net.Http.Json;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class LoginTests : IAsyncLifetime
{
    private readonly TestApp _app = new();

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_page_sends_who_is_not_logged_in_to_the_login_and_back()
    {
        using var client = _app.NewClient();
        using var sent = await client.GetAsync("/?vm=x86", TestRun.Ended);
        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        Assert.Equal("/login?returnUrl=%2F%3Fvm%3Dx86", sent.Headers.Location?.OriginalString);

        using var back = await TestApp.PostLoginAsync(client, (await _app.TokenAsync(Role.Viewer)).Secret.Reveal(), "/?vm=x86");
        Assert.Equal("/?vm=x86", back.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/?vm=x86", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task The_cookie_is_kept_from_scripts_and_from_other_sites()
    {
        using var client = _app.NewClient();
        using var answer = await TestApp.PostLoginAsync(client, (await _app.TokenAsync(Role.Viewer)).Secret.Reveal());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), value => value.StartsWith("labnet=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("~/x")]
    [InlineData("")]
    public async Task A_return_address_that_is_not_local_leads_to_the_first_page(string returnUrl)
    {
        using var client = _app.NewClient();
        using var answer = await TestApp.PostLoginAsync(client, (await _app.TokenAsync(Role.Viewer)).Secret.Reveal(), returnUrl);
        Assert.Equal("/", answer.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_wrong_token_is_refused_and_stands_in_the_audit_log_without_the_token()
    {
        using var client = _app.NewClient();
        var wrong = TokenSecret.New().Reveal();
        using var answer = await TestApp.PostLoginAsync(client, wrong, "/?vm=arm");
        Assert.Equal("/login?error=refused&returnUrl=%2F%3Fvm%3Darm", answer.Headers.Location?.OriginalString);
        Assert.Equal(["(not logged in) login refused from 127.0.0.1"], AuditLines.Of(_app, "login"));
        Assert.DoesNotContain(_app.Log.Lines, line => line.Contains(wrong, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_in_the_address_is_not_looked_at()
    {
        using var client = _app.NewClient();
        await client.GetAsync("/login?token=" + (await _app.TokenAsync(Role.Admin)).Secret.Reveal(), TestRun.Ended);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task A_login_without_the_pages_antiforgery_field_is_not_looked_at()
    {
        using var client = _app.NewClient();
        using var answer = await client.PostAsync("/login", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["token"] = (await _app.TokenAsync(Role.Admin)).Secret.Reveal(),
        }), TestRun.Ended);
        Assert.Equal("/login?error=expired", answer.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task Too_many_attempts_are_refused_even_with_the_right_token_until_the_window_is_over()
    {
        using var client = _app.NewClient();
        var right = (await _app.TokenAsync(Role.Viewer)).Secret.Reveal();
        for (var attempt = 0; attempt < LoginAttempts.AttemptsMax; attempt++)
        {
            await TestApp.PostLoginAsync(client, "wrong");
        }

        using var refused = await TestApp.PostLoginAsync(client, right);
        Assert.Equal("/login?error=toomany", refused.Headers.Location?.OriginalString);

        _app.Time.Advance(LoginAttempts.Window);
        using var accepted = await TestApp.PostLoginAsync(client, right);
        Assert.Equal("/", accepted.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_change_by_cookie_needs_the_antiforgery_token_and_a_reading_does_not()
    {
        using var client = await _app.LogInAsync(Role.Admin);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/tokens", TestRun.Ended)).StatusCode);

        using var refused = await client.PostAsJsonAsync("/api/v1/tokens", new { name = "a", role = "viewer" }, TestRun.Ended);
        Assert.Equal("/docs/errors#antiforgery-missing", (await ProblemJson.ReadAsync(refused)).Type);

        client.DefaultRequestHeaders.Add("X-CSRF-TOKEN", await TestApp.AntiforgeryFieldAsync(client, "/"));
        using var made = await client.PostAsJsonAsync("/api/v1/tokens", new { name = "a", role = "viewer" }, TestRun.Ended);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
    }

    [Fact]
    public async Task A_cookie_is_refused_from_the_moment_its_token_is_revoked()
    {
        using var client = await _app.LogInAsync(Role.Operator);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);

        await _app.Tokens.RevokeAsync((await _app.TokenAsync(Role.Operator)).Token.Id, Actor.LabNet, TestRun.Ended);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task A_login_ends_after_twelve_hours_without_use()
    {
        using var client = await _app.LogInAsync(Role.Viewer);
        _app.Time.Advance(TimeSpan.FromHours(7));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
        _app.Time.Advance(TimeSpan.FromHours(7));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
        _app.Time.Advance(TimeSpan.FromHours(13));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task Logging_out_ends_the_login()
    {
        using var client = await _app.LogInAsync(Role.Viewer);
        using var answer = await client.PostAsync("/logout", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = await TestApp.AntiforgeryFieldAsync(client, "/"),
        }), TestRun.Ended);
        Assert.Equal("/login", answer.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task A_page_for_a_larger_role_leads_to_the_login()
    {
        using var client = await _app.LogInAsync(Role.Viewer);
        using var answer = await client.GetAsync("/for-admins", TestRun.Ended);
        Assert.Equal("/login?error=forbidden&returnUrl=%2Ffor-admins", answer.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_login_survives_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("labnet-web-").FullName;
        try
        {
            var cookies = new CookieContainer();
            await using (var first = await TestApp.StartAsync(folder))
            {
                using var client = await first.LogInAsync(Role.Viewer, cookies);
            }

            await using var second = await TestApp.StartAsync(folder);
            using var later = second.NewClient(cookies);
            Assert.Equal(HttpStatusCode.OK, (await later.GetAsync("/api/v1/vms", TestRun.Ended)).StatusCode);
            var keys = Path.Join(second.StateFolder, "keys");
            Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(keys), 8));
            Assert.Single(Directory.GetFiles(keys));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
