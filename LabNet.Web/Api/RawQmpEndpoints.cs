using System.Text.Json;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>One QMP command, as QEMU's own documentation has it.</summary>
/// <param name="Execute">The command, such as `query-status`.</param>
/// <param name="Arguments">An object; none if left out.</param>
public sealed record RawQmpRequest(string Execute, JsonElement? Arguments = null);

/// <summary>Raw QMP.</summary>
public static class RawQmpEndpoints
{
    internal static void Map(IEndpointRouteBuilder api) => api
        .MapPost("/vms/{vm}/qmp", ExecuteAsync).WithTags(VmReadEndpoints.Tag)
        .RequireAuthorization(AccessPolicies.Admin)
        .Produces<object>(StatusCodes.Status200OK, "application/json")
        .ProducesProblems(
            ProblemType.BadInput,
            ProblemType.RawQmpOff,
            ProblemType.UnknownThing,
            ProblemType.RefusedByQemu,
            ProblemType.NotConnected,
            ProblemType.TimedOut);

    /// <summary>Sends one QMP command and answers what QEMU returns, unchanged. Off unless LabNet runs with `LabNet:RawQmp=true`; always audited.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<FileContentHttpResult> ExecuteAsync(string vm, RequestBody<RawQmpRequest> body, VmRegistry vms, HttpContext context)
    {
        var session = vms.Require(vm);
        var (execute, arguments) = body.Value;
        if (RawQmpCommand.MistakeIn(execute, arguments) is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        var returned = await session.ExecuteRawQmpAsync(execute, arguments, context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.Bytes(returned, "application/json");
    }
}
