using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>What is done when VMs crash, and what crashed.</summary>
public static class RecoveryEndpoints
{
    private const string Tag = "Recovery";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/recovery", GetRecovery).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapPut("/vms/{vm}/recovery", SetRecoveryAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/incidents", GetIncidents).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/incidents/{id}", GetIncident).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/incidents/{id}/console", GetConsole).WithTags(Tag)
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/incidents/{id}/memory-dump", GetMemoryDump).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream")
            .ProducesProblems(ProblemType.UnknownThing);
        api.MapDelete("/incidents/{id}", DeleteIncidentAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
    }

    /// <summary>What is done when this VM crashes.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static RecoveryContract GetRecovery(string vm, VmRegistry vms, RecoveryRegistry registry) => RecoveryContract.Of(registry.Of(vms.Require(vm).State.Name));

    /// <summary>Sets what is done when this VM crashes, and closes its breaker. What the body leaves out gets its default.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<RecoveryContract> SetRecoveryAsync(
        string vm, RequestBody<RecoveryPolicyContract> body, VmRegistry vms, RecoveryRegistry registry, HttpContext context)
    {
        var recovery = registry.Of(vms.Require(vm).State.Name);
        var policy = body.Value.ToPolicy();
        if (recovery.MistakeOf(policy) is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        await recovery.SetAsync(policy, context.User.ToActor("api"), context.RequestAborted);
        return RecoveryContract.Of(recovery);
    }

    /// <summary>Crashes, newest first. The newest 500 of the lab are kept.</summary>
    /// <param name="vm">Only of this VM.</param>
    internal static IReadOnlyList<IncidentContract> GetIncidents(VmRegistry vms, RecoveryStore store, HttpContext context, string? vm = null)
    {
        QueryText.ThrowIfUnknown(context, ["vm"]);
        return [.. store.Read(vm is null ? null : vms.Require(vm).State.Name).Select(IncidentContract.Of)];
    }

    /// <summary>A crash with what was kept of it.</summary>
    /// <param name="id">The incident's.</param>
    internal static IncidentDetailsContract GetIncident(string id, VmRegistry vms, RecoveryStore store)
    {
        var incident = store.Require(id);
        var evidence = store.FindEvidence(id);
        return new IncidentDetailsContract(IncidentContract.Of(incident), evidence is null ? null : EvidenceContract.Of(evidence), LinksOf(incident, evidence, vms));
    }

    /// <summary>The console's last lines, byte for byte as the guest wrote them.</summary>
    /// <param name="id">The incident's.</param>
    internal static FileContentHttpResult GetConsole(string id, RecoveryStore store)
    {
        var incident = store.Require(id);
        return store.FindEvidence(id)?.Console is { } console
            ? TypedResults.Bytes(console, "text/plain; charset=utf-8", $"{incident.Vm}-{id}-console.log")
            : throw new UnknownThingException($"LabNet did not see the console of {incident.Vm} then.");
    }

    /// <summary>The guest's memory, an ELF core for gdb or crash. It has everything that the guest had in memory, secrets too.</summary>
    /// <param name="id">The incident's.</param>
    internal static PhysicalFileHttpResult GetMemoryDump(string id, VmRegistry vms, RecoveryStore store)
    {
        var incident = store.Require(id);
        return DumpOf(incident, vms) is { } path
            ? TypedResults.PhysicalFile(path, "application/octet-stream", $"{incident.Vm}-{id}.elf")
            : throw new UnknownThingException($"There is no memory dump of the incident \"{id}\". The newest {MemoryDumps.KeptMax} of a VM are kept.");
    }

    /// <summary>Forgets a crash that is over, with all that was kept of it.</summary>
    /// <param name="id">The incident's.</param>
    internal static async Task<NoContent> DeleteIncidentAsync(string id, VmRegistry vms, RecoveryRegistry registry, RecoveryStore store, HttpContext context)
    {
        var incident = store.Require(id);
        await registry.Of(vms.Require(incident.Vm.ToString()).State.Name).DeleteAsync(incident, context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>The file, where it is still there.</summary>
    private static string? DumpOf(Incident incident, VmRegistry vms) =>
        incident.DumpBytes is not null && vms.Find(incident.Vm) is { } vm && MemoryDumps.PathOf(vm, incident.Id) is var path && File.Exists(path) ? path : null;

    private static IncidentLinksContract LinksOf(Incident incident, CrashEvidence? evidence, VmRegistry vms) => new(
        IncidentLinks.Timeline(incident),
        IncidentLinks.Events(incident),
        evidence?.Console is null ? null : $"{LabNetApi.Root}/incidents/{incident.Id}/console",
        DumpOf(incident, vms) is null ? null : $"{LabNetApi.Root}/incidents/{incident.Id}/memory-dump");

    private static Incident Require(this RecoveryStore store, string id) =>
        store.Find(id) ?? throw new UnknownThingException($"There is no incident \"{id}\". The newest {RecoveryStore.IncidentsMax} are kept.");
}
