using LabNet.Core.Feed;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>The links between the lab's hosts.</summary>
public static class LinkEndpoints
{
    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/links", GetLinks).WithTags("Links");
        api.MapGet("/links/{link}/pings", GetPings).WithTags("Links").ProducesProblems(ProblemType.UnknownThing);
    }

    /// <summary>The links, with their state on each host and what is plugged in.</summary>
    internal static IReadOnlyList<LinkContract> GetLinks(VmRegistry vms, LiveFeed feed) =>
        [.. vms.Lab.Links.Select(link => LinkContract.Of(link, vms.Lab, feed))];

    /// <summary>The newest ping of each pair of VMs on a link.</summary>
    /// <param name="link">The link's name.</param>
    internal static IReadOnlyList<PingContract> GetPings(string link, VmRegistry vms, LiveFeed feed)
    {
        var found = vms.Lab.Links.FirstOrDefault(l => l.Name.ToString() == link)
            ?? throw UnknownThingException.Of("link", link, vms.Lab.Links.Select(l => l.Name.ToString()));
        return [.. Retained.In<PingMeasured>(feed, ping => ping.Link == found.Name)
            .Select(PingContract.Of)
            .OrderBy(ping => ping.From, StringComparer.Ordinal)
            .ThenBy(ping => ping.To, StringComparer.Ordinal)];
    }
}
