using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>What a VM is made of.</summary>
public static class DeviceEndpoints
{
    private const string Tag = "Devices";

    /// <summary>What the guest sees changes with a driver, and with what is plugged.</summary>
    private static readonly TimeSpan GuestMaxAge = TimeSpan.FromSeconds(1);

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/devices", GetDevicesAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/topology", GetTopologyAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapPost("/vms/{vm}/devices", PlugAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapDelete("/vms/{vm}/devices/{qdevId}", UnplugAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
    }

    /// <summary>Begins to plug a disk, a NIC or a custom PCI device into a free root port of a running VM. The operation ends when the guest has made something of it; what was begun is undone where a step fails.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<Accepted<OperationStarted>> PlugAsync(string vm, RequestBody<PlugContract> body, VmRegistry vms, HotPlug hotPlug, PciModelCatalogue models, HttpContext context)
    {
        var session = vms.Require(vm);
        var wanted = body.Value;
        if (PlugKinds.Parse(wanted.Kind) is not { } kind)
        {
            return OperationStarted.Answer(await hotPlug.BeginPlugAsync(session, CustomOf(wanted, models.Read()), context.User.ToActor("api"), context.RequestAborted));
        }

        if (wanted.Properties is { Count: > 0 })
        {
            throw new BadInputException($"properties are for custom PCI devices, and {wanted.Kind} is none.");
        }

        LinkName? link = wanted.Link is null ? null : LinkName.TryParse(wanted.Link, out var name) ? name : throw new BadInputException($"link: “{wanted.Link}” is no name of a link.");
        var request = new PlugRequest(kind, wanted.Id, wanted.SizeBytes, wanted.Image, link);
        if (request.Mistake is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        return OperationStarted.Answer(await hotPlug.BeginPlugAsync(session, request, context.User.ToActor("api"), context.RequestAborted));
    }

    private static PciPlugRequest CustomOf(PlugContract wanted, BuiltPciModels models)
    {
        var model = models.Find(wanted.Kind) ?? throw new BadInputException(
            $"kind: “{wanted.Kind}” is none. Kinds are {string.Join(", ", Enum.GetValues<PlugKind>().Select(kind => kind.Word()).Concat(models.Models.Select(one => one.Name)))}. {string.Join(' ', models.Problems)}".TrimEnd());
        if (wanted is not { SizeBytes: null, Image: null, Link: null })
        {
            throw new BadInputException($"sizeBytes, image and link are for disks and NICs, and {wanted.Kind} is neither.");
        }

        var properties = (wanted.Properties ?? new Dictionary<string, JsonElement>()).ToImmutableSortedDictionary(property => property.Key, property => TextOf(property.Key, property.Value), StringComparer.Ordinal);
        var request = new PciPlugRequest(model, wanted.Id, properties);
        return request.Mistake is { } mistake ? throw new BadInputException(mistake) : request;
    }

    private static string TextOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "on",
        JsonValueKind.False => "off",
        _ => throw new BadInputException($"properties: {name} is a number, a truth value or a text."),
    };

    /// <summary>Unplugs what was plugged in. Answered when the guest has let go: an aarch64 guest takes 6 s, and 30 s are the most.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="qdevId">The device's id.</param>
    /// <param name="force">Also a disk that is mounted in the guest.</param>
    /// <param name="deleteFile">Deletes a disk's file too; it is kept otherwise, and can be plugged in again.</param>
    internal static async Task<NoContent> UnplugAsync(
        string vm, string qdevId, VmRegistry vms, HotPlug hotPlug, OperationRegistry operations, HttpContext context, bool force = false, bool deleteFile = false)
    {
        var session = vms.Require(vm);
        var operation = await hotPlug.BeginUnplugAsync(session, qdevId, force, deleteFile, context.User.ToActor("api"), context.RequestAborted)
            ?? throw UnknownThingException.Of("device that was plugged in", qdevId, session.State.Plugged.Select(device => device.Id));
        var ended = await operations.WaitAsync(operation.Id, context.RequestAborted);
        return ended is { State: OperationState.Succeeded }
            ? TypedResults.NoContent()
            : throw new VmConflictException(ended?.Error ?? "The operation was cancelled.");
    }

    /// <summary>The VM's devices: those that were asked for, and the PCI functions that the machine brought along.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<IReadOnlyList<DeviceContract>> GetDevicesAsync(string vm, VmRegistry vms, DeviceTopologyReader devices, HttpContext context)
    {
        var topology = await devices.ReadAsync(vms.Require(vm), context.RequestAborted);
        return [.. topology.Inventory.Select(DeviceContract.Of)];
    }

    /// <summary>The VM's devices as they hang on each other: PCI buses, bridges, functions with their BARs, and what is made of them on the host.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="guest">Whether the guest is asked too, for its drivers and the capabilities that it reads.</param>
    internal static async Task<TopologyContract> GetTopologyAsync(string vm, VmRegistry vms, DeviceTopologyReader devices, HttpContext context, bool guest = false)
    {
        var session = vms.Require(vm);
        var topology = await devices.ReadAsync(session, context.RequestAborted);
        if (!guest)
        {
            return TopologyContract.Of(topology, GuestPciView.Empty, guestProblem: null);
        }

        try
        {
            var seen = await session.ReadGuestPciAsync(GuestMaxAge, context.RequestAborted);
            return TopologyContract.Of(topology, new GuestPciView(seen.Value), guestProblem: null);
        }
        catch (GuestAgentException e)
        {
            return TopologyContract.Of(topology, GuestPciView.Empty, e.Message);
        }
    }
}
