using System.Text;
using System.Text.Json;
using LabNet.Core.Faults;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace LabNet.Web.Api;

/// <summary>Chaos plans, their runs and journals.</summary>
public static class ChaosEndpoints
{
    private const string Tag = "Chaos";
    private const string Ndjson = "application/x-ndjson";

    /// <summary>Lines that are read from lab.db at once for a download.</summary>
    private const int LinesAtOnce = 1000;

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/fault-plans", GetPlans).WithTags(Tag);
        api.MapPost("/fault-plans", SavePlanAsync).WithTags(Tag).RequireAuthorization(AccessPolicies.Operator).ProducesProblems(ProblemType.BadInput);
        api.MapPost("/fault-plans/check", CheckPlan).WithTags(Tag).ProducesProblems(ProblemType.BadInput);
        api.MapGet("/fault-plans/{id}", GetPlan).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapDelete("/fault-plans/{id}", DeletePlanAsync).WithTags(Tag).RequireAuthorization(AccessPolicies.Operator).ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/fault-plans/{id}/schedule", GetSchedule).WithTags(Tag)
            .Produces<string>(StatusCodes.Status200OK, Ndjson)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/fault-plans/{id}/runs", GetRuns).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapPost("/fault-plans/{id}/runs", BeginRunAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict);
        api.MapGet("/fault-plans/{id}/runs/{run}", GetRun).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapDelete("/fault-plans/{id}/runs/{run}", StopRunAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
        api.MapGet("/fault-plans/{id}/runs/{run}/journal", GetJournal).WithTags(Tag)
            .Produces<string>(StatusCodes.Status200OK, Ndjson)
            .ProducesProblems(ProblemType.UnknownThing);
    }

    /// <summary>The plans that are kept, by name.</summary>
    internal static IReadOnlyList<ChaosPlanContract> GetPlans(ChaosStore store) => [.. store.ReadPlans().Select(plan => ChaosPlanContract.Of(plan, withText: false))];

    /// <summary>Keeps a plan, in place of the one of the same name.</summary>
    internal static async Task<ChaosPlanContract> SavePlanAsync(RequestBody<ChaosPlanText> body, ChaosRuns runs, HttpContext context)
    {
        var reading = runs.Read(body.Value.Text);
        return reading.Plan is not null
            ? ChaosPlanContract.Of(await runs.SaveAsync(body.Value.Text, context.User.ToActor("api"), context.RequestAborted), withText: true)
            : throw new BadInputException(string.Join('\n', reading.Mistakes));
    }

    /// <summary>What is wrong with a plan, or what it would do; nothing is kept.</summary>
    internal static ChaosCheckContract CheckPlan(RequestBody<ChaosPlanText> body, ChaosRuns runs)
    {
        var reading = runs.Read(body.Value.Text);
        if (!reading.TryGetPlan(out var plan))
        {
            return new ChaosCheckContract([.. reading.Mistakes.Select(ChaosMistakeContract.Of)], null, null, null, null, null, null);
        }

        try
        {
            var schedule = runs.Schedule(body.Value.Text, seed: null);
            return new ChaosCheckContract([], plan.Name, plan.Seed, plan.Duration.TotalSeconds, schedule.Faults.Length, schedule.LeftOut, schedule.Fingerprint);
        }
        catch (ChaosPlanException e)
        {
            return new ChaosCheckContract([new ChaosMistakeContract(0, 0, e.Message)], plan.Name, plan.Seed, plan.Duration.TotalSeconds, null, null, null);
        }
    }

    /// <summary>A plan with its text.</summary>
    /// <param name="id">The plan's id or name.</param>
    internal static ChaosPlanContract GetPlan(string id, ChaosStore store) => ChaosPlanContract.Of(store.Require(id), withText: true);

    /// <summary>Deletes a plan; its runs stay.</summary>
    /// <param name="id">The plan's id or name.</param>
    internal static async Task<NoContent> DeletePlanAsync(string id, ChaosStore store, ChaosRuns runs, HttpContext context)
    {
        await runs.DeleteAsync(store.Require(id), context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>What the plan would do, one fault a line; the same seed makes the same bytes.</summary>
    /// <param name="id">The plan's id or name.</param>
    /// <param name="seed">Instead of the plan's own.</param>
    internal static ContentHttpResult GetSchedule(string id, ChaosStore store, ChaosRuns runs, ulong? seed = null) => TypedResults.Text(runs.Schedule(store.Require(id).Text, seed).Text, Ndjson);

    /// <summary>The plan's runs, newest first. The newest 200 of all plans are kept.</summary>
    /// <param name="id">The plan's id or name.</param>
    internal static IReadOnlyList<ChaosRunContract> GetRuns(string id, ChaosStore store) => [.. store.ReadRuns(store.Require(id).Id).Select(ChaosRunContract.Of)];

    /// <summary>Begins a run. Its verdict stands in the run when the operation has ended.</summary>
    /// <param name="id">The plan's id or name.</param>
    internal static async Task<Accepted<ChaosRunStarted>> BeginRunAsync(string id, ChaosStore store, ChaosRuns runs, HttpContext context, RequestBody<ChaosRunRequest>? body = null)
    {
        var plan = store.Require(id);
        var request = body?.Value ?? new ChaosRunRequest();
        if (request is { Seed: not null, Replay: not null })
        {
            throw new BadInputException("seed, replay: give one of them; a run that is done again has its own seed.");
        }

        if (request.Seed > ChaosPlan.SeedMax)
        {
            throw new BadInputException($"seed: {request.Seed} is not between 0 and {ChaosPlan.SeedMax}.");
        }

        var replays = request.Replay is { } replay ? store.RequireRun(plan.Id, replay) : null;
        var begun = await runs.BeginAsync(plan, request.Seed, replays, context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.Accepted($"{LabNetApi.Root}/operations/{begun.Operation.Id}", new ChaosRunStarted(begun.Operation.Id, begun.Run.Id));
    }

    /// <summary>A run, with its journal from a line on.</summary>
    /// <param name="id">The plan's id or name.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="after">Only lines after the one of this number.</param>
    /// <param name="limit">At most so many lines.</param>
    internal static ChaosRunDetailsContract GetRun(string id, string run, ChaosStore store, HttpContext context, long after = 0, string? limit = null)
    {
        QueryText.ThrowIfUnknown(context, ["after", "limit"]);

        // The lines first: those that come meanwhile are for the next time, and the counts are never behind them.
        var lines = store.ReadJournal(run, after, QueryText.Limit(limit));
        return new ChaosRunDetailsContract(ChaosRunContract.Of(store.RequireRun(id, run)), [.. lines.Select(ChaosLineContract.Of)]);
    }

    /// <summary>Asks a run that goes on to end; its faults are lifted first.</summary>
    /// <param name="id">The plan's id or name.</param>
    /// <param name="run">The run's id.</param>
    internal static async Task<NoContent> StopRunAsync(string id, string run, ChaosStore store, ChaosRuns runs, HttpContext context)
    {
        await runs.StopAsync(store.RequireRun(id, run).Id, context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>A run's whole journal as a download: the run, each planned fault, then what happened; one JSON object a line.</summary>
    /// <param name="id">The plan's id or name.</param>
    /// <param name="run">The run's id.</param>
    internal static PushStreamHttpResult GetJournal(string id, string run, ChaosStore store, IOptions<JsonOptions> json)
    {
        var found = store.RequireRun(id, run);
        return TypedResults.Stream(output => WriteAsync(output, found, store, json.Value.SerializerOptions), Ndjson, $"chaos-{found.Name}-{found.Id}.ndjson");
    }

    private static async Task WriteAsync(Stream output, ChaosRun run, ChaosStore store, JsonSerializerOptions options)
    {
        await JsonSerializer.SerializeAsync(output, ChaosRunContract.Of(run), options.GetTypeInfo(typeof(ChaosRunContract)));
        await output.WriteAsync("\n"u8.ToArray());
        await output.WriteAsync(Encoding.UTF8.GetBytes(store.FindText(run.Id)?.Schedule ?? ""));
        var after = 0L;
        while (store.ReadJournal(run.Id, after, LinesAtOnce) is { Count: > 0 } lines)
        {
            foreach (var line in lines)
            {
                await JsonSerializer.SerializeAsync(output, ChaosLineContract.Of(line), options.GetTypeInfo(typeof(ChaosLineContract)));
                await output.WriteAsync("\n"u8.ToArray());
            }

            after = lines[^1].Number;
        }
    }

    private static KeptPlan Require(this ChaosStore store, string id) => store.FindPlan(id)
        ?? store.ReadPlans().FirstOrDefault(plan => plan.Name == id)
        ?? throw UnknownThingException.Of("plan", id, store.ReadPlans().Select(plan => plan.Name));

    /// <summary>Also of a plan that was deleted meanwhile.</summary>
    private static ChaosRun RequireRun(this ChaosStore store, string plan, string run) =>
        store.FindRun(run) is { } found && (found.PlanId == plan || found.Name == plan) ? found : throw new UnknownThingException($"The plan \"{plan}\" has no run \"{run}\". The newest {ChaosStore.RunsMax} runs are kept.");
}
