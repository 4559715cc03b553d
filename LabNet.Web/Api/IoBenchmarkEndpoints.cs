using LabNet.Core.IoBenchmarks;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>How fast a guest's disks are.</summary>
public static class IoBenchmarkEndpoints
{
    private const string Tag = "I/O benchmarks";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/io-benchmarks", GetIoBenchmarks).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapPost("/vms/{vm}/io-benchmarks", BeginIoBenchmarkAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(
                ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.RefusedByGuest, ProblemType.AgentUnavailable,
                ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/io-benchmarks/{id}", GetIoBenchmark).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapDelete("/vms/{vm}/io-benchmarks/{id}", DeleteIoBenchmarkAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
        api.MapGet("/io-benchmarks/compare", GetComparison).WithTags(Tag)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.Conflict);
    }

    /// <summary>A VM's runs, newest first, without their repeats. The newest 1000 of the lab are kept.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static IReadOnlyList<IoBenchmarkContract> GetIoBenchmarks(string vm, VmRegistry vms, IoBenchmarkStore store) =>
        [.. store.ReadOf(vms.Require(vm).State.Name).Select(IoBenchmarkContract.Of)];

    /// <summary>Begins a benchmark; its run has the operation's id. Cancelling the operation ends fio in the guest, and what was measured is kept.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<Accepted<OperationStarted>> BeginIoBenchmarkAsync(
        string vm, RequestBody<IoBenchmarkStartRequest> body, VmRegistry vms, IoBenchmarkRunner runner, HttpContext context)
    {
        var session = vms.Require(vm);
        var asked = body.Value;
        var request = new IoBenchmarkRequest(asked.Device, asked.Profile, asked.Seconds, asked.Repeats, asked.Label, asked.Target, asked.Destroys, asked.UnderLoad);
        if (request.Mistake() is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        if (asked is { AroundTracing: true, Plug: not null })
        {
            throw new BadInputException("aroundTracing: it cannot be measured together with plug; ask for one after the other.");
        }

        var actor = context.User.ToActor("api");
        return OperationStarted.Answer(asked.Plug is { } plug
            ? await runner.BeginAroundPlugAsync(session, request, plug, actor, context.RequestAborted)
            : asked.AroundTracing ? await runner.BeginAroundTracingAsync(session, request, actor, context.RequestAborted)
            : await runner.BeginAsync(session, request, actor, context.RequestAborted));
    }

    /// <summary>A run with its repeats: what fio measured in the guest, and what QEMU counted meanwhile.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The run's.</param>
    internal static IoBenchmarkDetailsContract GetIoBenchmark(string vm, string id, VmRegistry vms, IoBenchmarkStore store)
    {
        var run = store.Require(vms.Require(vm), id);
        return new IoBenchmarkDetailsContract(IoBenchmarkContract.Of(run), [.. run.Results.Select(IoRepeatContract.Of)]);
    }

    /// <summary>Forgets a run that has ended.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The run's.</param>
    internal static async Task<NoContent> DeleteIoBenchmarkAsync(
        string vm, string id, VmRegistry vms, IoBenchmarkStore store, IoBenchmarkRunner runner, HttpContext context)
    {
        var session = vms.Require(vm);
        await runner.DeleteAsync(session, store.Require(session, id), context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>Two runs of the same profile side by side, of one VM or of two: medians, intervals, and whether there is a difference that they can show.</summary>
    /// <param name="a">A run's id: what is compared with.</param>
    /// <param name="b">Another's: what is compared.</param>
    internal static IoComparisonContract GetComparison(IoBenchmarkStore store, HttpContext context, string? a = null, string? b = null)
    {
        QueryText.ThrowIfUnknown(context, ["a", "b"]);
        var (first, second) = (store.Require(a ?? throw Missing("a")), store.Require(b ?? throw Missing("b")));
        ThrowIfRunning(first);
        ThrowIfRunning(second);
        return IoComparison.WhyNot(first, second) is { } whyNot
            ? throw new BadInputException(whyNot)
            : IoComparisonContract.Of(IoComparison.Of(first, second));
    }

    private static BadInputException Missing(string name) => new($"{name}: the id of a run is missing.");

    private static void ThrowIfRunning(IoBenchmark run)
    {
        if (run.State == OperationState.Running)
        {
            throw new VmConflictException($"The run {run.Id} has not ended.");
        }
    }

    private static IoBenchmark Require(this IoBenchmarkStore store, string id) =>
        store.Find(id) ?? throw new UnknownThingException($"There is no run \"{id}\". The newest {IoBenchmarkStore.RunsMax} are kept.");

    private static IoBenchmark Require(this IoBenchmarkStore store, VmSession vm, string id) => store.Require(id) is var run && run.Vm == vm.State.Name
        ? run
        : throw new UnknownThingException($"The run \"{id}\" is of {run.Vm}, not of {vm.State.Name}.");
}
