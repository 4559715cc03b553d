using LabNet.Core.Labs;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>The lab's VMs.</summary>
public static class VmEndpoints
{
    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms", GetVms).WithTags("VMs");
        api.MapGet("/vms/{vm}", GetVm).WithTags("VMs").ProducesProblems(ProblemType.UnknownThing);
        api.MapPost("/vms/{vm}/actions/{action}", BeginActionAsync).WithTags("VMs")
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected);
    }

    /// <summary>The lab's VMs, in the lab file's order.</summary>
    internal static IReadOnlyList<VmContract> GetVms(VmRegistry vms, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return [.. vms.Vms.Select(vm => VmContract.Of(vm.State, now))];
    }

    /// <summary>One VM, with all that LabNet knows of it.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static VmDetailsContract GetVm(string vm, VmRegistry vms, SnapshotRegistry snapshots, TimeProvider time, HttpContext context)
    {
        var session = vms.Require(vm);
        var socket = context.User.Role() >= Role.Operator && session.State.Definition is StartedVm ? session.Paths.UserSocket : null;
        return VmDetailsContract.Of(session.State, socket, snapshots.Of(session.State.Name).Tree.There.Count(), time.GetUtcNow());
    }

    /// <summary>Begins to start, pause, resume, reset, power down, stop or kill a VM. What is shown changes when QEMU says so. An attached VM cannot be started, stopped or killed.</summary>
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
}
