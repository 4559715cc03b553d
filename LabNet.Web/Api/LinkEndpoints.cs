using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <summary>The links between the lab's hosts.</summary>
public static class LinkEndpoints
{
    private static readonly TimeSpan RangeDefault = TimeSpan.FromHours(1);

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/links", GetLinks).WithTags("Links");
        api.MapGet("/links/{link}/pings", GetPings).WithTags("Links").ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/links/{link}/pings/history", GetPingHistoryAsync).WithTags("Links").ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/links/{link}/path-mtus", GetPathMtus).WithTags("Links").ProducesProblems(ProblemType.UnknownThing);
        api.MapGet("/links/{link}/flows", GetFlows).WithTags("Links").ProducesProblems(ProblemType.UnknownThing);
        api.MapPut("/links/{link}/flows", SwitchFlowsAsync).WithTags("Links")
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/links/{link}/flows/history", GetFlowHistory).WithTags("Links").ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
    }

    /// <summary>The links, with their state on each host and what is plugged in.</summary>
    internal static IReadOnlyList<LinkContract> GetLinks(VmRegistry vms, LiveFeed feed) =>
        [.. vms.Lab.Links.Select(link => LinkContract.Of(link, vms.Lab, feed))];

    /// <summary>The newest ping of each pair of VMs on a link.</summary>
    /// <param name="link">The link's name.</param>
    internal static IReadOnlyList<PingContract> GetPings(string link, VmRegistry vms, LiveFeed feed)
    {
        var found = Require(vms, link);
        return [.. Retained.In<PingMeasured>(feed, ping => ping.Link == found)
            .Select(PingContract.Of)
            .OrderBy(ping => ping.From, StringComparer.Ordinal)
            .ThenBy(ping => ping.To, StringComparer.Ordinal)];
    }

    /// <summary>The pings of the past, each pair in stretches of equal length.</summary>
    /// <param name="link">The link's name.</param>
    /// <param name="from">The oldest time; an hour before `to` if left out.</param>
    /// <param name="to">The newest time; now if left out.</param>
    /// <param name="points">At most so many stretches of a pair, 1 to 1000; 100 if left out.</param>
    internal static async Task<IReadOnlyList<PingBinContract>> GetPingHistoryAsync(
        string link, VmRegistry vms, PingStore store, PingRecorder recorder, TimeProvider time, HttpContext context, string? from = null, string? to = null, string? points = null)
    {
        QueryText.ThrowIfUnknown(context, ["from", "to", "points"]);
        var (found, range, count) = (Require(vms, link), Range(from, to, time), QueryText.Number("points", points, 100, 1000));
        await recorder.CatchUpAsync(context.RequestAborted);
        return [.. store.Read(found, range.FromNs, range.ToNs, count).Select(PingBinContract.Of)];
    }

    /// <summary>The largest packet that gets through, for each pair of VMs on a link.</summary>
    /// <param name="link">The link's name.</param>
    internal static IReadOnlyList<PathMtuContract> GetPathMtus(string link, VmRegistry vms, LiveFeed feed)
    {
        var found = Require(vms, link);
        return [.. Retained.In<PathMtuMeasured>(feed, mtu => mtu.Link == found)
            .Select(PathMtuContract.Of)
            .OrderBy(mtu => mtu.From, StringComparer.Ordinal)
            .ThenBy(mtu => mtu.To, StringComparer.Ordinal)];
    }

    /// <summary>The flows of a link as they are now.</summary>
    /// <param name="link">The link's name.</param>
    internal static FlowsContract GetFlows(string link, VmRegistry vms, FlowWatch watch, LiveFeed feed)
    {
        var found = Require(vms, link);
        var notCounted = vms.Vms.Where(vm => vm.WhyNoTraffic is not null)
            .SelectMany(vm => vm.Nics.Where(nic => nic.Link == found).Select(nic => (Nic: $"{vm.State.Name}/{nic.Id}", Why: vm.WhyNoTraffic!)))
            .ToDictionary(one => one.Nic, one => one.Why, StringComparer.Ordinal);
        return FlowsContract.Of(feed.Find<FlowsChanged>(FeedSource.Lab, FlowsChanged.Key(found)), notCounted.Count == 0 ? null : notCounted, watch.IsOn(found));
    }

    /// <summary>Has a link's flows counted or not, until LabNet ends: the next one counts all of them.</summary>
    /// <param name="link">The link's name.</param>
    internal static async Task<FlowsContract> SwitchFlowsAsync(
        string link, RequestBody<FlowSwitchContract> body, VmRegistry vms, FlowWatch watch, LiveFeed feed, HttpContext context)
    {
        await watch.SwitchAsync(Require(vms, link), body.Value.Enabled, context.User.ToActor("api"), context.RequestAborted);
        return GetFlows(link, vms, watch, feed);
    }

    /// <summary>The flows of the past by minute, the oldest minute first. Where there are too many, those with the most bytes.</summary>
    /// <param name="link">The link's name.</param>
    /// <param name="from">The oldest time; an hour before `to` if left out.</param>
    /// <param name="to">The newest time; now if left out.</param>
    /// <param name="limit">1 to 1000; 100 if left out.</param>
    internal static IReadOnlyList<FlowMinuteContract> GetFlowHistory(
        string link, VmRegistry vms, FlowStore store, TimeProvider time, HttpContext context, string? from = null, string? to = null, string? limit = null)
    {
        QueryText.ThrowIfUnknown(context, ["from", "to", "limit"]);
        var (found, range) = (Require(vms, link), Range(from, to, time));
        return [.. store.Read(found, range.FromNs, range.ToNs, QueryText.Limit(limit)).Select(FlowMinuteContract.Of)];
    }

    private static LinkName Require(VmRegistry vms, string link) => vms.Lab.Links.FirstOrDefault(one => one.Name.ToString() == link)?.Name
        ?? throw UnknownThingException.Of("link", link, vms.Lab.Links.Select(one => one.Name.ToString()));

    private static (long FromNs, long ToNs) Range(string? from, string? to, TimeProvider time)
    {
        var range = QueryText.Range(from, to);
        var end = range.To ?? time.GetUtcNow();
        var begin = range.From ?? end - RangeDefault;
        return begin < end ? (begin.ToUnixTimeNs(), end.ToUnixTimeNs()) : throw new BadInputException("from: it is not before to.");
    }
}
