using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <param name="Operation">The id to ask `/api/v1/operations/{id}` for.</param>
public sealed record OperationStarted(string Operation)
{
    internal static Accepted<OperationStarted> Answer(Operation operation) =>
        TypedResults.Accepted($"{LabNetApi.Root}/operations/{operation.Id}", new OperationStarted(operation.Id));
}

/// <summary>Something that takes time.</summary>
/// <param name="Kind">Such as `pause`.</param>
/// <param name="Vm">The VM it concerns; null for the lab.</param>
/// <param name="Detail">What exactly, such as `d1 (nvme, 16777216 bytes)`; null where the kind says all.</param>
/// <param name="Progress">0 to 1; null where nobody can know it.</param>
/// <param name="Error">Why it failed.</param>
public sealed record OperationContract(
    string Id, string Kind, string? Vm, string? Detail, OperationState State, double? Progress, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Error)
{
    internal static OperationContract Of(Operation operation) => new(
        operation.Id,
        operation.Kind,
        operation.Vm?.ToString(),
        operation.Detail,
        operation.State,
        operation.Progress,
        operation.StartedAt,
        operation.EndedAt,
        operation.Error);
}

/// <summary>What takes time.</summary>
public static class OperationEndpoints
{
    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/operations/{id}", GetOperation).WithTags("Operations").ProducesProblems(ProblemType.UnknownThing);
        api.MapDelete("/operations/{id}", CancelOperationAsync).WithTags("Operations")
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
    }

    /// <summary>How an operation goes, or went during the last day.</summary>
    /// <param name="id">As the request that began it was answered.</param>
    internal static OperationContract GetOperation(string id, OperationRegistry operations) => OperationContract.Of(operations.Require(id));

    /// <summary>Asks an operation to end. It has ended when its state says so.</summary>
    /// <param name="id">As the request that began it was answered.</param>
    internal static async Task<Accepted<OperationStarted>> CancelOperationAsync(
        string id, OperationRegistry operations, AuditLog audit, HttpContext context)
    {
        var operation = operations.Require(id);
        if (!operations.Cancel(id))
        {
            throw new VmConflictException($"The operation has ended already ({operations.Require(id).State.ToString().ToLowerInvariant()}).");
        }

        // The wish is carried out already, so its line is written even if the asker has gone.
        await audit.WriteAsync(
            context.User.ToActor("api"), "operation-cancel", operation.Vm, $"{operation.Kind} ({id})", "accepted", CancellationToken.None);
        return OperationStarted.Answer(operation);
    }

    private static Operation Require(this OperationRegistry operations, string id) =>
        operations.Find(id) ?? throw new UnknownThingException($"There is no operation \"{id}\". Those of the last day are kept.");
}
