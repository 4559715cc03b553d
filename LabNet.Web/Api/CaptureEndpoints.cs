using System.Globalization;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>Packets of NICs.</summary>
public static class CaptureEndpoints
{
    private const string Tag = "Captures";
    private const string PcapngType = "application/x-pcapng";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/captures", GetCaptures).WithTags(Tag);
        api.MapPost("/captures", StartCaptureAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/captures/{id}", GetCapture).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing);
        api.MapDelete("/captures/{id}", EndCaptureAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.Conflict);
        api.MapGet("/captures/{id}/packets", GetPacketsAsync).WithTags(Tag).ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
        api.MapGet("/captures/{id}/pcapng", GetPcapng).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .Produces<byte[]>(StatusCodes.Status200OK, PcapngType)
            .ProducesProblems(ProblemType.UnknownThing, ProblemType.BadInput);
    }

    /// <summary>The captures that go on and those that are kept, newest first.</summary>
    internal static IReadOnlyList<CaptureContract> GetCaptures(CaptureRegistry captures) => [.. captures.All.Select(CaptureContract.Of)];

    /// <summary>Begins to capture on one or several NICs, and answers when QEMU writes.</summary>
    internal static async Task<Created<CaptureContract>> StartCaptureAsync(
        RequestBody<CaptureStartRequest> body, VmRegistry vms, CaptureRegistry captures, HttpContext context)
    {
        var capture = await captures.BeginAsync(body.Value.ToRequest(vms), context.User.ToActor("api"), context.RequestAborted);
        return TypedResults.Created($"{LabNetApi.Root}/captures/{capture.Id}", CaptureContract.Of(capture));
    }

    /// <summary>A capture as it is by now.</summary>
    /// <param name="id">The capture's.</param>
    internal static CaptureContract GetCapture(string id, CaptureRegistry captures) => CaptureContract.Of(captures.Require(id));

    /// <summary>Stops a capture that goes on, and keeps it; removes one that has ended, with its packets.</summary>
    /// <param name="id">The capture's.</param>
    internal static async Task<NoContent> EndCaptureAsync(string id, CaptureRegistry captures, HttpContext context)
    {
        var (capture, actor) = (captures.Require(id), context.User.ToActor("api"));
        await (capture.IsRunning
            ? captures.StopAsync(capture, actor, context.RequestAborted)
            : captures.RemoveAsync(capture, actor, context.RequestAborted));
        return TypedResults.NoContent();
    }

    /// <summary>Packets in one line each, in the order of time, all NICs together.</summary>
    /// <param name="id">The capture's.</param>
    /// <param name="from">The number of the first, from 1; 1 if left out. A page's `cursor` is the next one's.</param>
    /// <param name="limit">1 to 1000 packets; 100 if left out.</param>
    /// <param name="filter">Only what it lets through; the numbers are then those of what is left.</param>
    /// <param name="by">`tshark` or `labnet`: in whose words; tshark's where it is installed, if left out.</param>
    internal static async Task<PacketPageContract> GetPacketsAsync(
        string id, CaptureRegistry captures, HttpContext context, string? from = null, string? limit = null, string? filter = null, string? by = null)
    {
        QueryText.ThrowIfUnknown(context, ["from", "limit", "filter", "by"]);
        var (capture, first, count, wanted) = (captures.Require(id), First(from), QueryText.Limit(limit), CaptureQueryText.Filter(filter));
        var byTshark = by is null ? PacketLines.HasTshark : QueryText.OneOf("by", by, "labnet", "tshark") == "tshark";
        var found = await Task.Run(() => Read(captures, capture, first, count + 1, wanted, context.RequestAborted), context.RequestAborted);
        var (lines, isTsharks) = await PacketLines.OfAsync([.. found.Take(count)], byTshark, context.RequestAborted);
        return new PacketPageContract(
            [.. lines.Select(PacketContract.Of)],
            found.Count > count ? found[count].Number.ToString(CultureInfo.InvariantCulture) : null,
            isTsharks ? "tshark" : "labnet");
    }

    /// <summary>The packets as a file for Wireshark, merged in time, an interface for each NIC. They have what the guests sent, secrets too.</summary>
    /// <param name="id">The capture's.</param>
    /// <param name="filter">Only what it lets through.</param>
    internal static PushStreamHttpResult GetPcapng(string id, CaptureRegistry captures, HttpContext context, string? filter = null)
    {
        QueryText.ThrowIfUnknown(context, ["filter"]);
        var (capture, wanted) = (captures.Require(id), CaptureQueryText.Filter(filter));
        var packets = Open(captures, capture);
        context.Response.RegisterForDispose(packets);
        return TypedResults.Stream(
            _ => packets.WriteAsync(wanted, context.Response.BodyWriter, context.RequestAborted),
            PcapngType,
            $"labnet-{capture.StartedAt.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}-{capture.Id}.pcapng");
    }

    private static IReadOnlyList<CapturedPacket> Read(
        CaptureRegistry captures, Capture capture, long first, int limit, CaptureFilter filter, CancellationToken cancellationToken)
    {
        using var packets = Open(captures, capture);
        return packets.Read(first, limit, filter, cancellationToken);
    }

    private static CapturedPackets Open(CaptureRegistry captures, Capture capture)
    {
        try
        {
            return captures.OpenPackets(capture);
        }
        catch (IOException e)
        {
            throw new UnknownThingException($"The packets of the capture \"{capture.Id}\" are not there: {e.Message}");
        }
    }

    private static long First(string? text) => text is null ? 1
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var first) && first >= 1 ? first
        : throw new BadInputException($"from: \"{text}\" is no number from 1.");

    private static Capture Require(this CaptureRegistry captures, string id) =>
        captures.Find(id) ?? throw new UnknownThingException($"There is no capture \"{id}\".");
}
