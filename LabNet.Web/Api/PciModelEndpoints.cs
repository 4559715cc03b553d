using LabNet.Core.PciModels;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>Custom PCI devices: their models, their build, and their registers as the guest reads and writes them.</summary>
public static class PciModelEndpoints
{
    private const string Tag = "Devices";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/pci-models", GetModels).WithTags(Tag);
        api.MapPost("/pci-models/build", BuildAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.BadInput, ProblemType.Conflict);
        api.MapPost("/vms/{vm}/devices/{qdevId}/registers", AccessAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(
                ProblemType.UnknownThing, ProblemType.BadInput, ProblemType.Conflict, ProblemType.RefusedByQemu, ProblemType.RefusedByGuest, ProblemType.NotConnected, ProblemType.AgentUnavailable, ProblemType.TimedOut);
    }

    /// <summary>The custom PCI devices that were built on this machine, with their register tables.</summary>
    internal static PciModelsContract GetModels(PciModelCatalogue models) => PciModelsContract.Of(models.Read());

    /// <summary>Begins to build the custom PCI devices for the QEMU that is installed. What was built before stays, also when this fails; VMs that run get the new devices at their next start.</summary>
    /// <param name="force">Also what did not change.</param>
    internal static async Task<Accepted<OperationStarted>> BuildAsync(PciBuilder builder, HttpContext context, bool force = false) =>
        OperationStarted.Answer(await builder.BeginAsync(force, context.User.ToActor("api"), context.RequestAborted));

    /// <summary>Reads or writes a register of a custom PCI device by the guest's processor, and answers when it is done.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="qdevId">The device's id.</param>
    internal static async Task<RegisterAnswer> AccessAsync(string vm, string qdevId, RequestBody<RegisterRequest> body, VmRegistry vms, GuestRegisters registers, HttpContext context)
    {
        var session = vms.Require(vm);
        var custom = session.State.Plugged.Where(one => one.Properties is not null).ToList();
        var device = custom.Find(one => one.Id == qdevId) ?? throw UnknownThingException.Of("custom PCI device that was plugged in", qdevId, custom.Select(one => one.Id));
        var wanted = body.Value;
        ulong? value = wanted.Value is not { } text ? null
            : RegisterPoke.TryParseNumber(text, out var number) ? number
            : throw new BadInputException($"value: “{text}” is no number such as 0x10 or 16.");
        var poke = new RegisterPoke(wanted.Bar, wanted.Offset, wanted.Width, value);
        if (registers.ModelOf(session, device) is { } model && poke.MistakeFor(model) is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        return new RegisterAnswer($"0x{await registers.PokeAsync(session, device, poke, context.User.ToActor("api"), context.RequestAborted):x}");
    }
}

/// <summary>A place in a device's windows.</summary>
/// <param name="Bar">0 to 5.</param>
/// <param name="Offset">From the BAR's beginning, in bytes; a multiple of the width.</param>
/// <param name="Width">8, 16, 32 or 64 bits.</param>
/// <param name="Value">To be written, such as `0x10`, as a text because JSON's numbers are not exact above 2^53; left out to read.</param>
public sealed record RegisterRequest(int Bar, long Offset, int Width = 32, string? Value = null);

/// <param name="Value">What was read or written, hexadecimal.</param>
public sealed record RegisterAnswer(string Value);
