using System.Net;
using System.Net.WebSockets;
using LabNet.Core.Vms;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class RequestSourceTests(TestApp app) : IClassFixture<TestApp>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:5000", HttpStatusCode.OK)]
    [InlineData("[::1]:5000", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.BadRequest)]
    [InlineData("localhost.evil.example", HttpStatusCode.BadRequest)]
    [InlineData("192.168.2.117:5000", HttpStatusCode.BadRequest)]
    public async Task Only_LabNets_own_names_are_answered(string host, HttpStatusCode expected)
    {
        using var client = app.NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz");
        request.Headers.Host = host;
        using var answer = await client.SendAsync(request, TestRun.Ended);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://localhost:1")]
    [InlineData("null")]
    [InlineData("http://127.0.0.1")]
    public async Task A_live_connection_from_another_sites_page_is_refused(string origin)
    {
        using var client = await app.NewClientAsync(Role.Admin);
        client.DefaultRequestHeaders.Add("Origin", origin);
        foreach (var address in (string[])["/hubs/test", "/_blazor/negotiate"])
        {
            using var answer = await client.PostAsync(address, content: null, TestRun.Ended);
            Assert.Equal((HttpStatusCode.Forbidden, "/docs/errors#foreign-origin"), (answer.StatusCode, (await ProblemJson.ReadAsync(answer)).Type));
        }
    }

    [Fact]
    public async Task A_live_connection_needs_a_login()
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(HubAddress, TestRun.Ended));
        Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
    }

    [Fact]
    public async Task A_live_connection_of_LabNets_own_page_ends_when_its_token_is_revoked()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        var (token, secret) = await own.TokenAsync(Role.Viewer);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + secret.Reveal());
        socket.Options.SetRequestHeader("Origin", own.Address.GetLeftPart(UriPartial.Authority));
        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(new UriBuilder(own.Address) { Scheme = "ws", Path = "/hubs/test" }.Uri, patience.Token);
        await socket.ReceiveAsync(new byte[16], patience.Token);

        var ended = socket.ReceiveAsync(new byte[16], patience.Token);
        Assert.False(ended.IsCompleted);
        await own.Tokens.RevokeAsync(token.Id, Actor.LabNet, TestRun.Ended);
        await Assert.ThrowsAsync<WebSocketException>(() => ended);
    }

    [Theory]
    [InlineData("/login")]
    [InlineData("/api/v1/vms")]
    [InlineData("/docs/errors")]
    public async Task Every_answer_tells_the_browser_what_to_refuse(string address)
    {
        using var client = app.NewClient();
        using var answer = await client.GetAsync(address, TestRun.Ended);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Matches("script-src 'self' 'nonce-[A-Za-z0-9+/]{22}==';", policy);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
    }

    private Uri HubAddress => new UriBuilder(app.Address) { Scheme = "ws", Path = "/hubs/test" }.Uri;
}
