using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using LabNet.Core.Devices;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Hosts;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Faults;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Access;
using LabNet.Web.Api;
using LabNet.Web.Dashboard;
using LabNet.Web.Hubs;
using LabNet.Web.Startup;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LabNet.Tests.Dashboard;

/// <summary>The dashboard as it is, on a port of its own, over a feed that the test writes. There are no VMs.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private bool _disposed;

    private DashboardHost(WebApplication app, DirectoryInfo folder, Lab lab)
    {
        _app = app;
        _folder = folder;
        Lab = lab;
    }

    public Lab Lab { get; }

    public LiveFeed Feed => _app.Services.GetRequiredService<LiveFeed>();

    public VmRegistry Vms => _app.Services.GetRequiredService<VmRegistry>();

    public RingWriter Ring => _app.Services.GetRequiredService<RingWriter>();

    /// <summary>Takes over no VM's log until it is started.</summary>
    public TracePump Traces => _app.Services.GetRequiredService<TracePump>();

    public OperationRegistry Operations => _app.Services.GetRequiredService<OperationRegistry>();

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="role">Who every visitor is; null for nobody, who is sent to the login page.</param>
    /// <param name="begin">Answers what the buttons ask for; without it everything is refused.</param>
    /// <param name="port">0 for any free one.</param>
    public static async Task<DashboardHost> StartAsync(Lab lab, Role? role = Role.Admin, BeginVmAction? begin = null, int port = 0)
    {
        var folder = Directory.CreateTempSubdirectory("labnet-dashboard-");
        // The name finds the static web assets of LabNet.Web, which are laid beside the test as well.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "LabNet.Web", EnvironmentName = "Development" });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddSingleton(TimeProvider.System).AddStorage(folder.FullName).AddFeed().AddHistory().AddMetricsPump().AddTraceEvents().AddDevices().AddWorkbench().AddSnapshots().AddIoBenchmarks().AddHostedService<HistoryService>();
        builder.Services.AddRecovery();
        builder.Services.AddTraffic();
        builder.Services.AddFaults();
        builder.Services.AddChaos();
        builder.Services.AddHosts(new HostSettings(folder.FullName, "", "", "", Machine: null)).AddVms(lab);
        builder.Services.AddSingleton(begin ?? ((vm, action, _, _) => throw new VmConflictException($"{vm} takes no {action.Word()} in this test.")));
        builder.Services.AddSingleton(new Visitor(role));
        builder.Services.AddAuthentication(Visitor.Scheme).AddScheme<AuthenticationSchemeOptions, VisitorHandler>(Visitor.Scheme, _ => { });
        builder.Services.ConfigureHttpJsonOptions(json => ContractJson.Configure(json.SerializerOptions));
        builder.Services.AddLabHub();
        builder.Services.AddDashboard();
        builder.Services.AddAuthorization(access =>
        {
            AccessPolicies.Configure(access);
            access.FallbackPolicy = null;
        });

        var app = builder.Build();
        app.UseDashboardErrorPages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapLabHub();
        app.MapDashboard();
        var api = app.MapGroup(LabNetApi.Root);
        MetricEndpoints.Map(api);
        EventEndpoints.Map(api);
        app.MapPost("/login", () => Results.Redirect("/login?error=refused")).AllowAnonymous();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new DashboardHost(app, folder, lab);
    }

    public void Publish(VmState state) => Feed.Publish(new FeedSource(state.Name.ToString()), new VmChanged(state));

    public void Publish(FeedItem item) => Feed.Publish(FeedSource.Lab, item);

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;

        // A browser that is still there would hold up a graceful stop.
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private sealed record Visitor(Role? Role)
    {
        public const string Scheme = "visitor";
    }

    private sealed class VisitorHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Visitor visitor)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (visitor.Role is not { } role)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            var identity = new ClaimsIdentity([new(ClaimTypes.Name, "tester"), new(ClaimTypes.Role, role.Word())], Visitor.Scheme);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Visitor.Scheme)));
        }

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Redirect("/login?returnUrl=%2F");
            return Task.CompletedTask;
        }
    }
}
