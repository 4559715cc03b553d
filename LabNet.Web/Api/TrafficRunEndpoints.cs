using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>Packets that Scapy sends from one guest to another.</summary>
public static class TrafficRunEndpoints
{
    private const string Tag = "Links";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/traffic-runs", GetRuns).WithTags(Tag).ProducesProblems(ProblemType.BadInput);
        api.MapPost("/traffic-runs", BeginRunAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.AgentUnavailable);
        api.MapGet("/traffic-runs/{id}", GetRun).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
    }

    /// <summary>The runs, newest first. The newest 200 are kept.</summary>
    internal static IReadOnlyList<TrafficRunContract> GetRuns(TrafficRunStore store, HttpContext context, string? limit = null)
    {
        QueryText.ThrowIfUnknown(context, ["limit"]);
        return [.. store.Read(QueryText.Limit(limit)).Select(run => TrafficRunContract.Of(run, withPackets: false))];
    }

    /// <summary>Begins to send. What came of it stands in the run when the operation has ended.</summary>
    internal static async Task<Accepted<TrafficRunStarted>> BeginRunAsync(RequestBody<TrafficRunRequest> body, VmRegistry vms, TrafficGenerator generator, HttpContext context)
    {
        vms.Require(body.Value.From);
        vms.Require(body.Value.To);
        try
        {
            var begun = await generator.BeginAsync(body.Value.ToWish(generator), context.User.ToActor("api"), context.RequestAborted);
            return TypedResults.Accepted($"{LabNetApi.Root}/operations/{begun.Operation.Id}", new TrafficRunStarted(begun.Operation.Id, begun.Run.Id));
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(e.Message);
        }
    }

    /// <summary>A run with its packets.</summary>
    /// <param name="id">The run's id.</param>
    internal static TrafficRunContract GetRun(string id, TrafficRunStore store) => store.Find(id) is { } run
        ? TrafficRunContract.Of(run, withPackets: true)
        : throw new UnknownThingException($"There is no traffic run \"{id}\". The newest {TrafficRunStore.RunsMax} are kept.");
}
