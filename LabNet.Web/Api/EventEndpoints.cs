using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Labs;

namespace LabNet.Web.Api;

/// <param name="Cursor">For the next, older page; null where there is none.</param>
public sealed record EventPageContract(IReadOnlyList<EventContract> Items, string? Cursor);

/// <param name="Time">When it happened, by QEMU's own clock for what QEMU told.</param>
/// <param name="Seq">Counts what happened to the VM, also over restarts of LabNet.</param>
/// <param name="Vm">Null for what concerns the lab.</param>
/// <param name="Kind">`qmp`, `job`, `connection`, `process`, `guest`, `device`, `action`, `operation`, `link`, `gap`, `clock` or `storage`.</param>
/// <param name="Name">A word for programs, such as `STOP`.</param>
/// <param name="Text">A sentence.</param>
/// <param name="Data">More of it, as QEMU sent it; null for nothing.</param>
public sealed record EventContract(DateTimeOffset Time, long Seq, string? Vm, string Kind, string Name, string Text, JsonElement? Data)
{
    internal static EventContract Of(LabEvent e) => new(
        UnixTime.FromUnixTimeNs(e.TimeNs), e.Sequence, e.Source == FeedSource.Lab ? null : e.Source.Name, e.Kind, e.Name, e.Text, e.Data is { } json ? JsonElement.Parse(json) : null);
}

/// <summary>What happened.</summary>
public static class EventEndpoints
{
    private static readonly string[] Filters = ["limit", "cursor", "vm", "kind", "text", "from", "to"];

    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/events", GetEventsAsync).WithTags("History").ProducesProblems(ProblemType.BadInput);

    /// <summary>The history, newest first: everything that had happened when it was asked for.</summary>
    /// <param name="limit">1 to 1000 events; 100 if left out.</param>
    /// <param name="cursor">From the page before.</param>
    /// <param name="vm">Only of this VM, which may be one that the lab has no longer; `(lab)` for what concerns none.</param>
    /// <param name="kind">Only of these kinds, such as `qmp,job`.</param>
    /// <param name="text">Only those with this in their sentence or name.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included.</param>
    internal static async Task<EventPageContract> GetEventsAsync(
        EventStore events,
        EventRecorder recorder,
        HttpContext context,
        string? limit = null,
        string? cursor = null,
        string? vm = null,
        string? kind = null,
        string? text = null,
        string? from = null,
        string? to = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var count = QueryText.Limit(limit);
        var range = QueryText.Range(from, to);
        var query = new EventQuery(
            count + 1, QueryText.Cursor(cursor), Source(vm), Kinds(kind), text, range.From?.ToUnixTimeNs(), range.To?.ToUnixTimeNs());
        await recorder.CatchUpAsync(context.RequestAborted);
        var rows = events.Read(query);
        return new EventPageContract([.. rows.Take(count).Select(EventContract.Of)], rows.Count > count ? rows[count - 1].Cursor.ToString() : null);
    }

    private static FeedSource? Source(string? vm) => vm is null ? null
        : vm == FeedSource.Lab.Name || VmName.TryParse(vm, out _) ? new FeedSource(vm)
        : throw new BadInputException($"vm: \"{vm}\" is no name that a VM can have; (lab) is for what concerns none.");

    private static string[]? Kinds(string? text)
    {
        var kinds = text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var unknown = kinds?.Except(EventKind.All, StringComparer.Ordinal).ToList() ?? [];
        return unknown.Count == 0
            ? kinds
            : throw new BadInputException($"kind: there is no {string.Join(", ", unknown)}; there are {string.Join(", ", EventKind.All)}.");
    }
}
