using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

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
            return TopologyContract.Of(topology, [], guestProblem: null);
        }

        try
        {
            return TopologyContract.Of(topology, (await session.ReadGuestPciAsync(GuestMaxAge, context.RequestAborted)).Value, guestProblem: null);
        }
        catch (GuestAgentException e)
        {
            return TopologyContract.Of(topology, [], e.Message);
        }
    }
}
