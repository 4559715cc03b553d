using System.Text.Json;
using System.Text.Json.Serialization;
using LabNet.Core.Consoles;
using LabNet.Web.Api;

namespace LabNet.Web.Hubs;

public static class HubRegistration
{
    public const string Path = "/hubs/lab";

    /// <summary>As the circuits of the dashboard: a page learns soon that LabNet is gone.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(4);

    /// <summary>
    /// A client that takes nothing for so long is gone. Until then it costs what waits for it, and is told of its gap when it reads on: a
    /// browser's tab that sleeps does not even answer.
    /// </summary>
    private static readonly TimeSpan StallMax = TimeSpan.FromMinutes(20);

    /// <summary>Needs VmRegistry and what AddAccess adds.</summary>
    public static IServiceCollection AddLabHub(this IServiceCollection services)
    {
        services.AddSignalR(hub => hub.KeepAliveInterval = KeepAliveInterval)
            .AddJsonProtocol(json => ConfigureJson(json.PayloadSerializerOptions));
        return services;
    }

    /// <summary>WebSockets alone: the other transports would go by requests that the login cookie accompanies from any page.</summary>
    public static void MapLabHub(this IEndpointRouteBuilder routes) => routes.MapHub<LabHub>(
        Path,
        options =>
        {
            options.Transports = Microsoft.AspNetCore.Http.Connections.HttpTransportType.WebSockets;
            options.TransportSendTimeout = StallMax;
        });

    /// <summary>The contract's JSON, and the messages of the hub.</summary>
    internal static void ConfigureJson(JsonSerializerOptions options)
    {
        ContractJson.Configure(options);
        options.TypeInfoResolverChain.Insert(0, HubJsonContext.Default);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ConsolePosition?))]
[JsonSerializable(typeof(ConsoleInput))]
[JsonSerializable(typeof(ConsoleOutput))]
[JsonSerializable(typeof(WatchFilter))]
[JsonSerializable(typeof(WatchMessage))]
internal sealed partial class HubJsonContext : JsonSerializerContext;
