using LabNet.Web.Access;
using Microsoft.AspNetCore.Mvc;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace LabNet.Web.Api;

/// <summary>The REST contract.</summary>
public static class LabNetApi
{
    public const string Root = "/api/v1";

    /// <summary>Nothing in the contract is larger; without a limit one request could fill the memory.</summary>
    private const int BodyBytesMax = 1024 * 1024;

    /// <summary>Needs Database, RingWriter, VmRegistry, OperationRegistry, OperationStore, LiveFeed, EventStore, AuditLog, IoBenchmarkStore, IoBenchmarkRunner, TraceStore, TraceCatalogue, CaptureRegistry, FlowStore, PingStore, PingRecorder, TimeProvider and what AddAccess adds.</summary>
    public static IServiceCollection AddLabNetApi(this IServiceCollection services)
    {
        services.Configure<JsonOptions>(options => ContractJson.Configure(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", OpenApiDescription.Configure);
        return services;
    }

    /// <summary>Problems instead of error pages; before UseAccess, so that its failures are told so too.</summary>
    public static void UseLabNetApi(this IApplicationBuilder app) => app.UseWhen(
        context => Holds(context.Request.Path),
        api => api.UseMiddleware<ProblemAnswers>());

    /// <summary>Whether programs rather than people ask there.</summary>
    internal static bool Holds(PathString path) => path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || path == PrometheusEndpoint.Path;

    public static void MapLabNetApi(this IEndpointRouteBuilder routes)
    {
        HealthEndpoints.Map(routes);
        ErrorsPage.Map(routes);
        PrometheusEndpoint.Map(routes);

        var api = routes.MapGroup(Root)
            .RequireAuthorization(AccessPolicies.Viewer)
            .WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax))
            .ProducesProblems(ProblemType.NotLoggedIn, ProblemType.RoleTooSmall, ProblemType.Unexpected, ProblemType.StorageUnavailable);
        LabEndpoints.Map(api);
        VmEndpoints.Map(api);
        VmReadEndpoints.Map(api);
        DeviceEndpoints.Map(api);
        PciModelEndpoints.Map(api);
        SnapshotEndpoints.Map(api);
        RecoveryEndpoints.Map(api);
        ChaosEndpoints.Map(api);
        TrafficRunEndpoints.Map(api);
        FaultEndpoints.Map(api);
        MemoryMapEndpoints.Map(api);
        RawQmpEndpoints.Map(api);
        GuestEndpoints.Map(api);
        ConsoleEndpoints.Map(api);
        GuestReadEndpoints.Map(api);
        OperationEndpoints.Map(api);
        TokenEndpoints.Map(api);
        LinkEndpoints.Map(api);
        CaptureEndpoints.Map(api);
        AuditEndpoints.Map(api);
        EventEndpoints.Map(api);
        MetricEndpoints.Map(api);
        TraceEndpoints.Map(api);
        TraceExportEndpoint.Map(api);
        StorageEndpoints.Map(api);
        IoBenchmarkEndpoints.Map(api);
        OpenApiDescription.Map(routes);
    }

    /// <summary>Tells the API's description which problems to expect.</summary>
    internal static TBuilder ProducesProblems<TBuilder>(this TBuilder builder, params ReadOnlySpan<ProblemType> types)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in types.ToArray().Select(type => type.Status).Distinct())
        {
            builder.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [Problems.ContentType]));
        }

        return builder;
    }
}
