using LabNet.Core.Vms;
using LabNet.Web.Access;
using LabNet.Web.Dashboard.Chaos;
using LabNet.Web.Dashboard.Links;
using LabNet.Web.Dashboard.Vm;
using LabNet.Web.Dashboard.Vm.Benchmark;
using LabNet.Web.Dashboard.Vm.Faults;
using LabNet.Web.Dashboard.Vm.Recovery;
using LabNet.Web.Dashboard.Vm.Snapshots;
using LabNet.Web.Dashboard.Vm.Trace;
using LabNet.Web.Dashboard.Vm.Workbench;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Radzen;

namespace LabNet.Web.Dashboard;

/// <summary>The pages. Wants <see cref="VmRegistry"/>, <see cref="OperationRegistry"/>, the feed and a <see cref="TimeProvider"/>.</summary>
public static class DashboardRegistration
{
    /// <summary>A page learns within 12 s that LabNet is gone (App.razor.js), three of these.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(4);

    /// <summary>A laptop that sleeps for a moment comes back to the page as it was.</summary>
    private static readonly TimeSpan CircuitKept = TimeSpan.FromMinutes(3);

    /// <summary>Their errors are problem details or empty, never a page.</summary>
    private static readonly PathString[] ForPrograms = ["/api", "/hubs", "/metrics", "/healthz", "/readyz"];

    public static IServiceCollection AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents()
            .AddInteractiveServerComponents(circuit => circuit.DisconnectedCircuitRetentionPeriod = CircuitKept)
            .AddHubOptions(hub => hub.KeepAliveInterval = KeepAliveInterval);
        services.AddCascadingAuthenticationState();
        services.AddAuthorization();
        services.AddRadzenComponents();
        services.AddScoped<ChaosDesk>();
        services.AddScoped<FaultDesk>();
        services.AddScoped<LinkDesk>();
        services.AddScoped<VmDesk>();
        services.AddScoped<DeviceDesk>();
        services.AddScoped<BenchmarkDesk>();
        services.AddScoped<RecoveryDesk>();
        services.AddScoped<SnapshotDesk>();
        services.AddScoped<TraceDesk>();
        services.AddScoped<WorkbenchDesk>();
        services.TryAddSingleton<ActorOf>(user => user.ToActor("dashboard"));
        services.TryAddSingleton<BeginVmAction>(provider =>
        {
            var registry = provider.GetRequiredService<VmRegistry>();
            return (vm, action, actor, cancellationToken) => (registry.Find(vm) ?? throw new InvalidOperationException($"The lab has no VM {vm}."))
                .BeginAsync(action, actor, cancellationToken);
        });
        return services;
    }

    /// <summary>
    /// The pages that tell an error, for what a browser asked; comes first of all middleware. An <c>IExceptionHandler</c> of the API is asked
    /// before the page.
    /// </summary>
    public static IApplicationBuilder UseDashboardErrorPages(this IApplicationBuilder app)
    {
        app.UseExceptionHandler("/error", createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);

        // UseWhen around the two would be plainer; within it a re-executed request finds no endpoint (ASP.NET Core 10.0).
        return app.Use((context, next) =>
        {
            if (IsForPrograms(context.Request.Path) && context.Features.Get<IStatusCodePagesFeature>() is { } pages)
            {
                pages.Enabled = false;
            }

            return next(context);
        });
    }

    /// <summary>Every page but the login wants a user; <see cref="Login.LoginPage"/> says who need not be one.</summary>
    public static RazorComponentsEndpointConventionBuilder MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        var pages = endpoints.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        pages.RequireAuthorization();
        pages.Add(OnlyGet);
        return pages;
    }

    /// <summary>
    /// ASP.NET Core maps each page for POST as well, for its form handling, which nothing here uses: it would be ambiguous with the
    /// endpoints that take our forms, such as POST /login.
    /// </summary>
    private static void OnlyGet(EndpointBuilder endpoint)
    {
        if (endpoint.Metadata.OfType<Microsoft.AspNetCore.Components.Endpoints.ComponentTypeMetadata>().Any())
        {
            endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        }
    }

    private static bool IsForPrograms(PathString path) =>
        ForPrograms.Any(prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));
}
