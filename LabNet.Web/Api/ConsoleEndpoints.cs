using LabNet.Core.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>The kept part of the serial consoles; the live one is a stream of the hub.</summary>
public static class ConsoleEndpoints
{
    internal static void Map(IEndpointRouteBuilder api) => api
        .MapGet("/vms/{vm}/console/log", GetLog).WithTags("Guest")
        .Produces<string>(StatusCodes.Status200OK, "text/plain")
        .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);

    /// <summary>What is kept of the console's output, the newest 1 MiB, byte for byte as the guest wrote it: escape sequences and all. An attached VM without a console socket has none.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static FileContentHttpResult GetLog(string vm, VmRegistry vms) =>
        TypedResults.Bytes(vms.Require(vm).ReadConsoleKept(), "text/plain; charset=utf-8");
}
