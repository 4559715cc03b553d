using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using LabNet.Core.Devices;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Hosts;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web;
using LabNet.Web.Access;
using LabNet.Web.Api;
using LabNet.Web.Hubs;
using LabNet.Web.Startup;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LabNet.Tests.Web;

/// <summary>LabNet.Web's access and API on a real Kestrel and a real lab.db, with pages and a live connection to test them by.</summary>
public sealed partial class TestApp : IAsyncLifetime
{
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private readonly Lab _lab;
    private readonly Dictionary<string, string?> _settings;
    private readonly TimeProvider _time;
    private readonly WebApplication _app;
    private readonly Dictionary<Role, NewAccessToken> _tokens = [];

    public TestApp() : this(Directory.CreateTempSubdirectory("labnet-web-").FullName, ownsFolder: true)
    {
    }

    private TestApp(string folder, bool ownsFolder, Lab? lab = null, Dictionary<string, string?>? settings = null, TimeProvider? time = null)
    {
        _folder = folder;
        _ownsFolder = ownsFolder;
        _lab = lab ?? SampleLab.Lab;
        _settings = settings ?? [];
        _time = time ?? Time;
        _app = Build();
    }

    public string StateFolder => Path.Join(_folder, "state");

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    internal HandTime Time { get; } = new();

    internal CollectedLog Log { get; } = new();

    internal LiveFeed Feed => Get<LiveFeed>();

    internal AccessTokens Tokens => Get<AccessTokens>();

    public static async Task<TestApp> StartAsync(string folder)
    {
        var app = new TestApp(folder, ownsFolder: false);
        await app.InitializeAsync();
        return app;
    }

    /// <summary>For VMs that really run: a lab of the test's own, by the clock of this machine.</summary>
    internal static async Task<TestApp> StartAsync(string folder, Lab lab, Dictionary<string, string?> settings)
    {
        var app = new TestApp(folder, ownsFolder: false, lab, settings, TimeProvider.System);
        await app.InitializeAsync();
        return app;
    }

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>With cookies, without following redirects.</summary>
    public HttpClient NewClient(CookieContainer? cookies = null) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies ?? new CookieContainer() }) { BaseAddress = Address };

    internal async Task<HttpClient> NewClientAsync(Role? role)
    {
        var client = NewClient();
        if (role is { } known)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await TokenAsync(known)).Secret.Reveal());
        }

        return client;
    }

    /// <summary>One token a role, made when it is first asked for.</summary>
    internal async Task<NewAccessToken> TokenAsync(Role role)
    {
        if (!_tokens.TryGetValue(role, out var token))
        {
            token = await Tokens.CreateAsync(TokenName.Parse($"test {role.Word()}"), role, Actor.LabNet, TestRun.Ended);
            _tokens[role] = token;
        }

        return token;
    }

    /// <summary>What a page's form holds for its session.</summary>
    internal static async Task<string> AntiforgeryFieldAsync(HttpClient client, string page = "/login")
    {
        var html = await client.GetStringAsync(page, TestRun.Ended);
        return Antiforgery().Match(html) is { Success: true } match
            ? match.Groups["value"].Value
            : throw new InvalidOperationException("The page has no antiforgery field: " + html);
    }

    internal static async Task<HttpResponseMessage> PostLoginAsync(HttpClient client, string token, string returnUrl = "/") =>
        await client.PostAsync("/login", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["token"] = token,
            ["returnUrl"] = returnUrl,
            ["__RequestVerificationToken"] = await AntiforgeryFieldAsync(client),
        }), TestRun.Ended);

    internal async Task<HttpClient> LogInAsync(Role role, CookieContainer? cookies = null)
    {
        var client = NewClient(cookies);
        var answer = await PostLoginAsync(client, (await TokenAsync(role)).Secret.Reveal());
        Assert.Equal("/", answer.Headers.Location?.OriginalString);
        return client;
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = _folder });
        var labFile = Path.Join(_folder, "lab.yaml");
        File.WriteAllText(labFile, "");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["LabNet:StateFolder"] = StateFolder,
            ["LabNet:LabFile"] = labFile,
            ["LabNet:Urls"] = "http://127.0.0.1:0",
        }).AddInMemoryCollection(_settings);
        builder.Logging.ClearProviders().AddProvider(Log);

        var settings = builder.AddLabNetSettings();
        builder.Services.AddSingleton(_time);
        builder.Services.AddStorage(settings.StateFolder).AddFeed().AddTraffic().AddHistory().AddMetricsPump().AddTraceEvents().AddDevices().AddWorkbench().AddSnapshots().AddHostedService<HistoryService>();
        builder.Services.AddHosts(new HostSettings(settings.StateFolder, settings.InfraFolder, settings.GuestsFolder, settings.GuestRelease, Machine: null));
        builder.Services.AddVms(_lab, settings.RawQmp).AddRecovery().AddFaults().AddChaos().AddIoBenchmarks();
        builder.Services.AddAccess(settings);
        builder.Services.AddLabNetApi();
        builder.Services.AddLabHub();
        builder.Services.AddRazorComponents();

        var app = builder.Build();
        app.UseLabNetApi();
        app.UseAccess();
        app.UseWebSockets();
        app.MapAccess();
        app.MapLabNetApi();
        app.MapLabHub();
        app.MapRazorComponents<TestDocument>();
        MapTestEndpoints(app);
        return app;
    }

    private static void MapTestEndpoints(WebApplication app)
    {
        app.MapGet("/api/test/failure/{name}", (string name) => { throw ProblemMappingTests.Failures[name].Thrown; }).ExcludeFromDescription();
        app.Map("/hubs/test", async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("open"u8.ToArray(), System.Net.WebSockets.WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(new byte[1], context.RequestAborted);
        });
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Antiforgery();
}
