using LabNet.Core.Hosts;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>A VM's snapshots.</summary>
public static class SnapshotEndpoints
{
    private const string Tag = "Snapshots";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/snapshots", GetSnapshotsAsync).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/vms/{vm}/snapshots/devices", GetDevicesAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/snapshots/{a}/diff/{b}", CompareAsync).WithTags(Tag)
            .Produces<SnapshotDifferencesContract>(StatusCodes.Status200OK, "application/json", "text/plain")
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/snapshots/check", CheckAsync).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
        api.MapPost("/vms/{vm}/snapshots/repair", RepairAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
        api.MapPost("/vms/{vm}/snapshots", TakeAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapPost("/vms/{vm}/snapshots/{id}/restore", RestoreAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapDelete("/vms/{vm}/snapshots/{id}", DeleteAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected);
    }

    /// <summary>The VM's snapshots, the oldest first; compared with what its disks hold now.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<IReadOnlyList<SnapshotContract>> GetSnapshotsAsync(string vm, VmRegistry vms, SnapshotRegistry registry, HttpContext context)
    {
        var snapshots = registry.Of(vms.Require(vm).State.Name);
        return SnapshotContract.Of(snapshots, await snapshots.ReadAsync(context.RequestAborted));
    }

    /// <summary>The writable disks that a snapshot covers.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<SnapshotDevicesContract> GetDevicesAsync(string vm, VmRegistry vms, HttpContext context)
    {
        var disks = await CoveredDisks.ReadAsync(vms.Require(vm), context.RequestAborted);
        return new SnapshotDevicesContract(disks.Nodes, disks.WhyNot);
    }

    /// <summary>In what a snapshot differs from another one, or from what is now.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="a">The snapshot's id, tag or name.</param>
    /// <param name="b">The same, or `now` for the running state.</param>
    /// <param name="state">Whether the saved registers, devices' fields and RAM are compared too; that reads both states as a whole.</param>
    /// <param name="exact">Whether the guest stands still for some milliseconds, so that its disks are compared exactly with what is now; for operators.</param>
    /// <param name="format">`json`, or `text` for a line a difference.</param>
    internal static async Task<IResult> CompareAsync(
        string vm, string a, string b, VmRegistry vms, SnapshotRegistry registry, HttpContext context, bool state = true, bool exact = false, string format = "json")
    {
        if (format is not ("json" or "text"))
        {
            throw new BadInputException($"format: “{format}” is none; there are json and text.");
        }

        var (snapshots, from) = await RequireAsync(vm, a, vms, registry, context);
        var to = b == "now" ? null : (await RequireAsync(vm, b, vms, registry, context)).Snapshot;
        var differences = exact && to is null
            ? await snapshots.CompareStandingStillAsync(from, context.User.ToActor("api"), context.RequestAborted)
            : await snapshots.CompareAsync(from, to, state, context.RequestAborted);
        return format == "text"
            ? TypedResults.Text(SnapshotDifferencesText.Of(differences))
            : TypedResults.Json(SnapshotDifferencesContract.Of(differences));
    }

    /// <summary>Whether the disk of a VM that is off is sound.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static Task<ImageCheck> CheckAsync(string vm, VmRegistry vms, SnapshotRegistry registry, HttpContext context) =>
        registry.Of(vms.Require(vm).State.Name).CheckDiskAsync(context.RequestAborted);

    /// <summary>Begins to free what a QEMU that was killed left behind in the disk of a VM that is off.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<Accepted<OperationStarted>> RepairAsync(string vm, VmRegistry vms, SnapshotRegistry registry, HttpContext context) =>
        OperationStarted.Answer(await registry.Of(vms.Require(vm).State.Name).BeginRepairAsync(context.User.ToActor("api"), context.RequestAborted));

    /// <summary>Begins to take a snapshot of the whole machine: RAM, devices, disks. The guest stands still for a moment, and its 9p shares are unmounted meanwhile.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<Accepted<OperationStarted>> TakeAsync(
        string vm, RequestBody<TakeSnapshotContract> body, VmRegistry vms, SnapshotRegistry registry, HttpContext context)
    {
        var snapshots = registry.Of(vms.Require(vm).State.Name);
        if (VmSnapshots.MistakeOf(body.Value.Name) is { } mistake)
        {
            throw new BadInputException($"name: {mistake}");
        }

        return OperationStarted.Answer(
            await snapshots.BeginTakeAsync(body.Value.Name, body.Value.Note ?? "", body.Value.LiftFaults, context.User.ToActor("api"), context.RequestAborted));
    }

    /// <summary>Begins to restore a snapshot. A guest that was paused stays so; one that had died lives again. What the machine had otherwise then is plugged or unplugged by starting QEMU anew.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The snapshot's id, tag or name.</param>
    internal static async Task<Accepted<OperationStarted>> RestoreAsync(
        string vm, string id, VmRegistry vms, SnapshotRegistry registry, HttpContext context, RequestBody<RestoreSnapshotContract>? body = null)
    {
        var (snapshots, snapshot) = await RequireAsync(vm, id, vms, registry, context);
        return OperationStarted.Answer(
            await snapshots.BeginRestoreAsync(snapshot, body?.Value.SnapshotFirst ?? true, body?.Value.LiftFaults ?? false, context.User.ToActor("api"), context.RequestAborted));
    }

    /// <summary>Begins to delete a snapshot. Those that came from it keep their lineage.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="id">The snapshot's id, tag or name.</param>
    internal static async Task<Accepted<OperationStarted>> DeleteAsync(string vm, string id, VmRegistry vms, SnapshotRegistry registry, HttpContext context)
    {
        var (snapshots, snapshot) = await RequireAsync(vm, id, vms, registry, context);
        return OperationStarted.Answer(await snapshots.BeginDeleteAsync(snapshot, context.User.ToActor("api"), context.RequestAborted));
    }

    /// <exception cref="UnknownThingException"/>
    private static async Task<(VmSnapshots Snapshots, Snapshot Snapshot)> RequireAsync(
        string vm, string id, VmRegistry vms, SnapshotRegistry registry, HttpContext context)
    {
        var snapshots = registry.Of(vms.Require(vm).State.Name);
        var tree = await snapshots.ReadAsync(context.RequestAborted);
        return tree.FindByWord(id) is { IsThere: true } snapshot
            ? (snapshots, snapshot)
            : throw UnknownThingException.Of("snapshot", id, tree.There.Select(one => one.Tag));
    }
}
