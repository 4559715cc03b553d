using LabNet.Core.Faults;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <summary>What is broken on purpose.</summary>
public static class FaultEndpoints
{
    private const string Tag = "Faults";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/faults", GetFaults).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/vms/{vm}/faults/{id}", GetFault).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/vms/{vm}/fault-kinds", GetKinds).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapPost("/vms/{vm}/faults", InjectAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapDelete("/vms/{vm}/faults/{id}", LiftAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
    }

    /// <summary>The VM's faults, the newest first: those to come, those in force, and the newest of those that are over.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="state">Only those of this state: `planned`, `active`, `lifted` or `failed`.</param>
    /// <param name="limit">At most so many, 100 if it is left out; of a state, of the newest so many.</param>
    internal static IReadOnlyList<FaultContract> GetFaults(
        string vm, VmRegistry vms, FaultRegistry faults, FaultStore store, HttpContext context, string? state = null, string? limit = null)
    {
        QueryText.ThrowIfUnknown(context, ["state", "limit"]);
        const string Any = "any";
        var wanted = QueryText.OneOf("state", state, [Any, .. Enum.GetValues<FaultState>().Select(FaultWords.Word)]);
        var name = vms.Require(vm).State.Name;
        var open = faults.Of(name).Open;
        var known = open.Select(fault => fault.Id).ToHashSet();
        return [.. open
            .Concat(store.Read(name, QueryText.Limit(limit)).Where(fault => !known.Contains(fault.Id)))
            .Where(fault => wanted == Any || fault.State.Word() == wanted)
            .OrderByDescending(fault => fault.PlannedAt)
            .Select(FaultContract.Of)];
    }

    /// <summary>A fault, also one that is over.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The fault's.</param>
    internal static FaultContract GetFault(string vm, string id, VmRegistry vms, FaultRegistry faults, FaultStore store) =>
        FaultContract.Of(Require(vm, id, vms, faults, store));

    /// <summary>What can be broken here, and what not and why.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static IReadOnlyList<FaultKindContract> GetKinds(string vm, VmRegistry vms, FaultRegistry faults)
    {
        var here = faults.Of(vms.Require(vm).State.Name);
        return [.. FaultKinds.All.Select(kind => new FaultKindContract(kind, FaultKinds.IsMomentary(kind), here.WhyNot(kind)))];
    }

    /// <summary>Breaks something: answered when it is in force, or, with `at`, when it is planned.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<FaultContract> InjectAsync(string vm, RequestBody<FaultRequestContract> body, VmRegistry vms, FaultRegistry faults, TimeProvider time, HttpContext context)
    {
        var session = vms.Require(vm);
        var request = body.Value.ToRequest(session.State.Definition);
        if (request.At - time.GetUtcNow() > FaultLimits.AheadMax)
        {
            throw new BadInputException($"at: that is more than {FaultLimits.AheadMax.TotalHours:0} h ahead.");
        }

        var (here, actor) = (faults.Of(session.State.Name), context.User.ToActor("api"));
        var fault = request.At is null
            ? await here.InjectAsync(request.Spec, request.Duration, at: null, run: null, actor, context.RequestAborted)
            : await here.PlanAsync(request.Spec, request.Duration, request.At, run: null, actor, context.RequestAborted);
        return fault.State == FaultState.Failed ? throw new VmConflictException(fault.Problem!) : FaultContract.Of(fault);
    }

    /// <summary>Lifts a fault before its time, or lets one that is planned not come. Answered when nothing is left of it; one that is over stays as it is.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The fault's.</param>
    internal static async Task<FaultContract> LiftAsync(string vm, string id, VmRegistry vms, FaultRegistry faults, FaultStore store, HttpContext context)
    {
        var fault = Require(vm, id, vms, faults, store);
        return FaultContract.Of(await faults.Of(fault.Vm).LiftAsync(fault.Id, FaultEnd.Asked, context.User.ToActor("api"), context.RequestAborted));
    }

    private static Fault Require(string vm, string id, VmRegistry vms, FaultRegistry faults, FaultStore store)
    {
        var name = vms.Require(vm).State.Name;
        return faults.Of(name).Open.FirstOrDefault(fault => fault.Id.Text == id)
            ?? (store.Find(new FaultId(id)) is { } over && over.Vm == name ? over : null)
            ?? throw new UnknownThingException($"{name} has no fault \"{id}\". The newest {FaultStore.KeptMax} are kept.");
    }
}
