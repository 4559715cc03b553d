using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>The lab's VMs.</summary>
public static class VmEndpoints
{
    /// <summary>Addresses below a VM that hand on what QEMU returns: nothing is changed, so a newer QEMU's members come through.</summary>
    private static readonly (string Path, string QmpQuery)[] PassThroughs =
    [
        ("status", "query-status"),
    ];

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms", GetVms).WithTags("VMs");
        api.MapGet("/vms/{vm}", GetVm).WithTags("VMs").ProducesProblems(ProblemType.UnknownThing);
        api.MapPost("/vms/{vm}/actions/{action}", BeginActionAsync).WithTags("VMs")
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected);
        foreach (var (path, query) in PassThroughs)
        {
            MapPassThrough(api, path, query);
        }
    }

    /// <summary>The lab's VMs, in the lab file's order.</summary>
    internal static IReadOnlyList<VmContract> GetVms(VmRegistry vms, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return [.. vms.Vms.Select(vm => VmContract.Of(vm.State, now))];
    }

    /// <summary>One VM, with all that LabNet knows of it.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static VmDetailsContract GetVm(string vm, VmRegistry vms, TimeProvider time, HttpContext context)
    {
        var session = vms.Require(vm);
        var socket = context.User.Role() >= Role.Operator ? session.Paths.UserSocket : null;
        return VmDetailsContract.Of(session.State, socket, time.GetUtcNow());
    }

    /// <summary>Begins to start, pause, resume, reset, power down, stop or kill a VM. What is shown changes when QEMU says so.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="action">`start`, `pause`, `resume`, `reset`, `powerdown` (ACPI), `stop` (power down, then quit, then kill) or `kill`.</param>
    internal static async Task<Accepted<OperationStarted>> BeginActionAsync(string vm, string action, VmRegistry vms, HttpContext context)
    {
        var session = vms.Require(vm);
        if (!VmActions.TryParse(action, out var parsed))
        {
            throw UnknownThingException.Of("action", action, Enum.GetValues<VmAction>().Select(VmActions.Word));
        }

        var operation = await session.BeginAsync(parsed, context.User.ToActor("api"), context.RequestAborted);
        return OperationStarted.Answer(operation);
    }

    /// <exception cref="UnknownThingException"/>
    internal static VmSession Require(this VmRegistry vms, string name) =>
        vms.Vms.FirstOrDefault(vm => vm.State.Name.ToString() == name)
        ?? throw UnknownThingException.Of("VM", name, vms.Vms.Select(vm => vm.State.Name.ToString()));

    private static void MapPassThrough(IEndpointRouteBuilder api, string path, string query) => api
        .MapGet("/vms/{vm}/" + path, async Task<FileContentHttpResult> (string vm, VmRegistry vms, HttpContext context) =>
        {
            var returned = await vms.Require(vm).ReadAsync(query, context.RequestAborted);
            return TypedResults.Bytes(returned, "application/json");
        })
        .WithTags("QEMU's own answers")
        .WithSummary($"What QEMU returns to `{query}`, unchanged.")
        .Produces<object>(StatusCodes.Status200OK, "application/json")
        .ProducesProblems(ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
}
