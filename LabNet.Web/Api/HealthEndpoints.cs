using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>For those who watch over the process; without a login.</summary>
public static partial class HealthEndpoints
{
    private const string Ok = "ok\n";

    internal static void Map(IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("").WithTags("Health").AllowAnonymous();
        health.MapGet("/healthz", GetHealth);
        health.MapMethods("/healthz", [HttpMethods.Head], GetHealth).ExcludeFromDescription();
        health.MapGet("/readyz", GetReadiness)
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .Produces<Problem>(ProblemType.NotReady.Status, Problems.ContentType);
    }

    /// <summary>Answers while the process lives.</summary>
    internal static ContentHttpResult GetHealth() => TypedResults.Text(Ok);

    /// <summary>Whether lab.db can be read, ring.db written, and the VMs are listened to.</summary>
    internal static IResult GetReadiness(AccessTokens tokens, RingWriter ring, VmRegistry vms, ILogger<VmRegistry> logger)
    {
        List<string> missing = [];
        if (!CanRead(tokens, logger))
        {
            missing.Add("lab.db cannot be read");
        }

        if (ring.Health.Problem is { } problem)
        {
            missing.Add($"ring.db cannot be written: {problem}");
        }

        if (!vms.IsOpen)
        {
            missing.Add("the VMs are not listened to yet");
        }

        return missing.Count == 0
            ? TypedResults.Text(Ok)
            : TypedResults.Json(
                new Problem(ProblemType.NotReady, string.Join("; ", missing) + ".") { Missing = missing },
                contentType: Problems.ContentType,
                statusCode: ProblemType.NotReady.Status);
    }

    private static bool CanRead(AccessTokens tokens, ILogger logger)
    {
        try
        {
            tokens.List();
            return true;
        }
        catch (DatabaseException e)
        {
            LogCannotRead(logger, e);
            return false;
        }
    }

    [LoggerMessage(3102, LogLevel.Error, "lab.db cannot be read")]
    private static partial void LogCannotRead(ILogger logger, Exception exception);
}
