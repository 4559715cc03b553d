using LabNet.Core.Feed;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>The lab as a whole.</summary>
public static class LabEndpoints
{
    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/lab", GetLab).WithTags("Lab");

    /// <summary>The lab as resolved from its file, with the state of each part.</summary>
    internal static LabContract GetLab(VmRegistry vms, LiveFeed feed, TimeProvider time)
    {
        var lab = vms.Lab;
        return new LabContract(
            lab.Name.ToString(),
            [.. lab.Hosts.Select(HostContract.Of)],
            VmEndpoints.GetVms(vms, time),
            LinkEndpoints.GetLinks(vms, feed));
    }
}
