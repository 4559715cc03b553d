using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace LabNet.Web.Api;

/// <summary>What QEMU traces of itself.</summary>
public static class TraceEndpoints
{
    internal const string Tag = "Trace events";
    private const string LinesOfJson = "application/x-ndjson";

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/trace-events", GetTraceEventsAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/trace-events/{name}", GetTraceEventAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapPut("/vms/{vm}/trace-events", PutTraceEventsAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/trace", GetTrace).WithTags(Tag).Produces<TracePageContract>().ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);
        api.MapGet("/trace/timeline", GetTimelineAsync).WithTags(Tag)
            .Produces<TraceTimelineContract>()
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);
        api.MapGet("/trace/latencies", GetLatencies).WithTags(Tag).ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);
        api.MapGet("/trace/statistics", GetStatistics).WithTags(Tag).ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);
    }

    /// <summary>The trace events of a VM's QEMU, with whether they are on.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="match">A name, or a glob such as `virtio_blk_*`; all if left out.</param>
    internal static async Task<IReadOnlyList<TraceEventStateContract>> GetTraceEventsAsync(
        string vm, VmRegistry vms, TraceCatalogue catalogue, HttpContext context, string? match = null)
    {
        QueryText.ThrowIfUnknown(context, ["match"]);
        return await ReadAsync(vms.Require(vm), match ?? "*", catalogue, context.RequestAborted);
    }

    /// <summary>One trace event.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="name">The event's.</param>
    internal static async Task<TraceEventStateContract> GetTraceEventAsync(string vm, string name, VmRegistry vms, TraceCatalogue catalogue, HttpContext context) =>
        (await ReadAsync(vms.Require(vm), name, catalogue, context.RequestAborted)) is [var one] ? one : throw new UnknownThingException($"There is no one trace event \"{name}\".");

    /// <summary>Switches trace events, in this order, and answers all that are on now. They are switched on again after each start of the VM.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<IReadOnlyList<TraceEventStateContract>> PutTraceEventsAsync(
        string vm, RequestBody<IReadOnlyList<TraceSwitchContract>> body, VmRegistry vms, TracePump pump, TraceCatalogue catalogue, HttpContext context)
    {
        var session = vms.Require(vm);
        var switches = body.Value.Select(one => one.ToSwitch()).ToList();
        if (pump.MistakeOf(switches) is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        await pump.SwitchAsync(session, switches, context.User.ToActor("api"), context.RequestAborted);
        return [.. (await ReadAsync(session, "*", catalogue, context.RequestAborted)).Where(known => known.Enabled)];
    }

    /// <summary>What a VM's QEMU traced, newest first.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="limit">1 to 1000 events; 100 if left out.</param>
    /// <param name="cursor">From the page before.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="filter">Only what it lets through; docs/trace-filter.md tells the language.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included.</param>
    internal static FileContentHttpResult GetTrace(
        VmRegistry vms,
        TraceStore store,
        TraceCatalogue catalogue,
        HttpContext context,
        string? vm = null,
        string? limit = null,
        string? cursor = null,
        string? events = null,
        string? filter = null,
        string? from = null,
        string? to = null)
    {
        QueryText.ThrowIfUnknown(context, ["limit", "cursor", "vm", "events", "filter", "from", "to"]);
        var name = vms.Require(vm ?? throw new BadInputException("vm: the name of a VM is missing.")).State.Name;
        var (count, range) = (QueryText.Limit(limit), QueryText.Range(from, to));
        var found = store.Read(new TraceQuery(
            name, count + 1, range.From?.ToUnixTimeNs(), range.To?.ToUnixTimeNs(), TraceQueryText.Filter(filter, events, catalogue), QueryText.Cursor(cursor)?.Number));
        return Page(found.Take(count), found.Count > count ? new PageCursor(found[count - 1].TimeNs, found[count - 1].Sequence).ToString() : null);
    }

    /// <summary>How many trace events there were when. With `Accept: application/x-ndjson` part by part, a line each, the newest part of the range first.</summary>
    /// <param name="vm">Names of VMs, separated by commas; all if left out.</param>
    /// <param name="from">The oldest time; an hour before `to` if left out.</param>
    /// <param name="to">The newest time; now if left out.</param>
    /// <param name="bins">At most so many, 2 to 10,000; 1,500 if left out.</param>
    /// <param name="tracks">What there is a track for: `event`, `vcpu`, `thread` or `device`.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="filter">Only what it lets through.</param>
    internal static async Task GetTimelineAsync(
        VmRegistry vms,
        TraceStore store,
        TraceCatalogue catalogue,
        TimeProvider time,
        IOptions<JsonOptions> json,
        HttpContext context,
        string? vm = null,
        string? from = null,
        string? to = null,
        string? bins = null,
        string? tracks = null,
        string? events = null,
        string? filter = null)
    {
        QueryText.ThrowIfUnknown(context, ["vm", "from", "to", "bins", "tracks", "events", "filter"]);
        var query = TraceQueryText.Query(vms, vm, from, to, time.GetUtcNow(), TraceQueryText.Filter(filter, events, catalogue)) with { Bins = TraceQueryText.Bins(bins), By = TraceQueryText.Tracks(tracks) };
        var type = (JsonTypeInfo<TraceTimelineContract>)json.Value.SerializerOptions.GetTypeInfo(typeof(TraceTimelineContract));
        if (!context.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType == LinesOfJson))
        {
            var whole = await Task.Run(() => store.ReadWholeTimeline(query, context.RequestAborted), context.RequestAborted);
            await context.Response.WriteAsJsonAsync(TraceTimelineContract.Of(whole), type, cancellationToken: context.RequestAborted);
            return;
        }

        context.Response.ContentType = LinesOfJson;
        foreach (var part in store.ReadTimeline(query))
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, TraceTimelineContract.Of(part), type, context.RequestAborted);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>How long the requests took that trace events ended, over time: what a heat map shows. All VMs and events of the question together.</summary>
    /// <param name="vm">Names of VMs, separated by commas; all if left out.</param>
    /// <param name="from">The oldest time; an hour before `to` if left out.</param>
    /// <param name="to">The newest time; now if left out.</param>
    /// <param name="bins">At most so many, 2 to 10,000; 1,500 if left out.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="filter">Only what it lets through.</param>
    internal static TraceLatenciesContract GetLatencies(
        VmRegistry vms,
        TraceStore store,
        TraceCatalogue catalogue,
        TimeProvider time,
        HttpContext context,
        string? vm = null,
        string? from = null,
        string? to = null,
        string? bins = null,
        string? events = null,
        string? filter = null)
    {
        QueryText.ThrowIfUnknown(context, ["vm", "from", "to", "bins", "events", "filter"]);
        var query = TraceQueryText.Query(vms, vm, from, to, time.GetUtcNow(), TraceQueryText.Filter(filter, events, catalogue)) with { Bins = TraceQueryText.Bins(bins) };
        return TraceLatenciesContract.Of(store.ReadLatencies(query, context.RequestAborted));
    }

    /// <summary>How many of each trace event there were in a range of time, and how long the requests took that they ended.</summary>
    /// <param name="vm">Names of VMs, separated by commas; all if left out.</param>
    /// <param name="from">The oldest time; an hour before `to` if left out.</param>
    /// <param name="to">The newest time; now if left out.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="filter">Only what it lets through.</param>
    internal static IReadOnlyList<TraceStatisticContract> GetStatistics(
        VmRegistry vms,
        TraceStore store,
        TraceCatalogue catalogue,
        TimeProvider time,
        HttpContext context,
        string? vm = null,
        string? from = null,
        string? to = null,
        string? events = null,
        string? filter = null)
    {
        QueryText.ThrowIfUnknown(context, ["vm", "from", "to", "events", "filter"]);
        var query = TraceQueryText.Query(vms, vm, from, to, time.GetUtcNow(), TraceQueryText.Filter(filter, events, catalogue));
        return [.. store.ReadStatistics(query, context.RequestAborted).Select(TraceStatisticContract.Of)];
    }

    /// <summary>A <see cref="TracePageContract"/>.</summary>
    private static FileContentHttpResult Page(IEnumerable<TraceEvent> items, string? cursor)
    {
        var page = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(page, TraceEventJson.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("items"u8);
            foreach (var item in items)
            {
                TraceEventJson.Write(json, item);
            }

            json.WriteEndArray();
            json.WriteString("cursor"u8, cursor);
            json.WriteEndObject();
        }

        return TypedResults.Bytes(page.WrittenMemory, "application/json; charset=utf-8");
    }

    private static async Task<IReadOnlyList<TraceEventStateContract>> ReadAsync(
        VmSession session, string pattern, TraceCatalogue catalogue, CancellationToken cancellationToken)
    {
        if (new TraceEventSwitch(pattern, Enabled: true).Mistake() is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        return [.. (await session.ReadTraceEventsAsync(pattern, cancellationToken)).Where(known => known.IsAvailable).Select(known => TraceEventStateContract.Of(known, catalogue))];
    }
}
