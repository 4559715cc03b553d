using System.Text.Json.Nodes;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <summary>A trace event that a VM's QEMU has.</summary>
/// <param name="Enabled">As QEMU says it now.</param>
/// <param name="Fields">The arguments that it tells; of an event that is not declared, its `text`.</param>
public sealed record TraceEventStateContract(string Name, bool Enabled, IReadOnlyList<TraceFieldContract> Fields);

/// <param name="Type">C's, such as `uint64_t`.</param>
/// <param name="Kind">`number`, `natural`, `hex` or `text`: how QEMU prints it.</param>
public sealed record TraceFieldContract(string Name, string Type, TraceValueKind Kind);

/// <summary>Something that QEMU traced.</summary>
/// <param name="Seq">Counts the VM's trace events, in the order in which QEMU wrote them.</param>
/// <param name="Event">Such as `virtio_blk_req_complete`; `(unparsed)` for a line of QEMU's log that is no event.</param>
/// <param name="Thread">The kernel's id of the thread; null where QEMU does not tell it.</param>
/// <param name="Vcpu">Null for a thread of QEMU's own.</param>
/// <param name="Args">Numbers as numbers, also those that QEMU prints in base 16.</param>
/// <param name="LatencyUs">Of the request that the event ends.</param>
public sealed record TracedContract(DateTimeOffset Time, long Seq, string Vm, string Event, int? Thread, int? Vcpu, JsonObject Args, double? LatencyUs)
{
    private const double NanosecondsPerMicrosecond = 1000;

    internal static TracedContract Of(TraceEvent traced) => new(
        UnixTime.FromUnixTimeNs(traced.TimeNs),
        traced.Sequence,
        traced.Vm.ToString(),
        traced.Type.Name,
        traced.Thread.Id == 0 ? null : traced.Thread.Id,
        traced.Thread.Vcpu,
        new JsonObject(traced.Type.Arguments.Zip(traced.Values, (argument, value) => KeyValuePair.Create<string, JsonNode?>(argument.Name, ValueOf(value))).DistinctBy(pair => pair.Key)),
        traced.LatencyNs / NanosecondsPerMicrosecond);

    private static JsonValue? ValueOf(TraceValue value) => value.Kind switch
    {
        TraceValueKind.Text => JsonValue.Create(value.Text),
        TraceValueKind.Number => JsonValue.Create(value.Bits),
        _ => JsonValue.Create(unchecked((ulong)value.Bits)),
    };
}

/// <param name="Cursor">For the next, older page; null where there is none.</param>
public sealed record TracePageContract(IReadOnlyList<TracedContract> Items, string? Cursor);

/// <summary>What QEMU traces of itself.</summary>
public static class TraceEndpoints
{
    private const string Tag = "Trace events";
    private static readonly string[] Filters = ["limit", "cursor", "vm", "events", "from", "to"];

    internal static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/vms/{vm}/trace-events", GetTraceEventsAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/vms/{vm}/trace-events/{name}", GetTraceEventAsync).WithTags(Tag)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapPut("/vms/{vm}/trace-events", PutTraceEventsAsync).WithTags(Tag)
            .RequireAuthorization(AccessPolicies.Operator)
            .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.Conflict, ProblemType.NotConnected, ProblemType.TimedOut);
        api.MapGet("/trace", GetTrace).WithTags(Tag).ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);
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
        string vm, RequestBody<IReadOnlyList<TraceEventSwitch>> body, VmRegistry vms, TraceCatalogue catalogue, HttpContext context)
    {
        var session = vms.Require(vm);
        if (body.Value.Select(one => one.Mistake()).FirstOrDefault(mistake => mistake is not null) is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        await session.SwitchTraceEventsAsync(body.Value, context.User.ToActor("api"), context.RequestAborted);
        return [.. (await ReadAsync(session, "*", catalogue, context.RequestAborted)).Where(known => known.Enabled)];
    }

    /// <summary>What a VM's QEMU traced, newest first.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="limit">1 to 1000 events; 100 if left out.</param>
    /// <param name="cursor">From the page before.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included.</param>
    internal static TracePageContract GetTrace(
        VmRegistry vms,
        TraceStore store,
        HttpContext context,
        string? vm = null,
        string? limit = null,
        string? cursor = null,
        string? events = null,
        string? from = null,
        string? to = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var name = vms.Require(vm ?? throw new BadInputException("vm: the name of a VM is missing.")).State.Name;
        var (count, range) = (QueryText.Limit(limit), QueryText.Range(from, to));
        var query = new TraceQuery(
            name, count + 1, range.From?.ToUnixTimeNs(), range.To?.ToUnixTimeNs(), Names(events), QueryText.Cursor(cursor)?.Number);
        var found = store.Read(query);
        return new TracePageContract(
            [.. found.Take(count).Select(TracedContract.Of)],
            found.Count > count ? new Core.Storage.PageCursor(found[count - 1].TimeNs, found[count - 1].Sequence).ToString() : null);
    }

    private static HashSet<string>? Names(string? events) =>
        events?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);

    private static async Task<IReadOnlyList<TraceEventStateContract>> ReadAsync(
        VmSession session, string pattern, TraceCatalogue catalogue, CancellationToken cancellationToken)
    {
        if (new TraceEventSwitch(pattern, Enabled: true).Mistake() is { } mistake)
        {
            throw new BadInputException(mistake);
        }

        return [.. (await session.ReadTraceEventsAsync(pattern, cancellationToken)).Where(known => known.IsAvailable).Select(known => Contract(known, catalogue))];
    }

    private static TraceEventStateContract Contract(TraceEventInfo known, TraceCatalogue catalogue) => new(
        known.Name,
        known.IsEnabled,
        [.. (catalogue.Find(known.Name) ?? TraceEventType.Untyped(known.Name)).Arguments.Select(argument => new TraceFieldContract(argument.Name, argument.Type, argument.Kind))]);
}
