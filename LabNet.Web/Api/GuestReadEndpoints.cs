using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>What a guest tells of itself, by its agent.</summary>
public static class GuestReadEndpoints
{
    /// <summary>However many ask, the guest is asked once a second.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    internal static void Map(IEndpointRouteBuilder api)
    {
        AsksGuest(api.MapGet("/vms/{vm}/guest/processes", GetProcessesAsync));
        AsksGuest(api.MapGet("/vms/{vm}/guest/info", GetInfoAsync));
        AsksGuest(api.MapGet("/vms/{vm}/guest/interfaces", GetInterfacesAsync));
        api.MapGet("/vms/{vm}/uptime", GetUptimeAsync).WithTags("Guest").ProducesProblems(ProblemType.UnknownThing, ProblemType.NotConnected);
        api.MapGet("/vms/{vm}/interrupts", GetInterruptsAsync).WithTags("Guest")
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
    }

    /// <summary>The guest's processes, by pid.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<GuestProcessesContract> GetProcessesAsync(string vm, VmRegistry vms, HttpContext context) =>
        GuestProcessesContract.Of(await vms.Require(vm).ReadGuestProcessesAsync(MaxAge, context.RequestAborted));

    /// <summary>What the guest is and how it does: system, memory, load, file systems, users, agent, clock.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<GuestInfoContract> GetInfoAsync(string vm, VmRegistry vms, HttpContext context) =>
        GuestInfoContract.Of(await vms.Require(vm).ReadGuestInfoAsync(MaxAge, context.RequestAborted));

    /// <summary>The guest's network interfaces, with addresses and counters.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<GuestInterfacesContract> GetInterfacesAsync(string vm, VmRegistry vms, HttpContext context) =>
        GuestInterfacesContract.Of(await vms.Require(vm).ReadGuestInterfacesAsync(MaxAge, context.RequestAborted));

    /// <summary>How long QEMU and the guest have run.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<UptimeContract> GetUptimeAsync(string vm, VmRegistry vms, HttpContext context) =>
        UptimeContract.Of(await vms.Require(vm).ReadUptimeAsync(MaxAge, context.RequestAborted));

    /// <summary>How often which interrupt came: as QEMU counts them at its controllers, and as the guest's kernel does.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<InterruptsContract> GetInterruptsAsync(string vm, VmRegistry vms, HttpContext context)
    {
        var session = vms.Require(vm);
        var qemu = await session.ReadAsync(MachineCommands.QueryIrq, context.RequestAborted);
        try
        {
            var guest = await session.ReadGuestInterruptsAsync(MaxAge, context.RequestAborted);
            return new InterruptsContract(qemu.Text, [.. guest.Value.Select(InterruptContract.Of)], GuestProblem: null);
        }
        catch (GuestAgentException e)
        {
            return new InterruptsContract(qemu.Text, Guest: null, e.Message);
        }
    }

    private static void AsksGuest(RouteHandlerBuilder route) => route.WithTags("Guest").ProducesProblems(
        ProblemType.UnknownThing, ProblemType.RefusedByGuest, ProblemType.AgentUnavailable, ProblemType.TimedOut);
}
