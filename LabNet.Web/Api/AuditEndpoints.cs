using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <param name="Cursor">For the next, older page; null where there is none.</param>
public sealed record AuditPageContract(IReadOnlyList<AuditLineContract> Items, string? Cursor);

/// <param name="Actor">The token's name, or a name of LabNet's own in parentheses.</param>
/// <param name="Origin">Where the wish came in: `dashboard`, `api`, `hub`, `start-up`.</param>
/// <param name="Detail">What with; without secrets.</param>
/// <param name="Result">`accepted`, `forbidden`, or what came of it.</param>
public sealed record AuditLineContract(
    DateTimeOffset Time, string Actor, string Role, string Origin, string Action, string? Vm, string? Detail, string Result)
{
    internal static AuditLineContract Of(AuditLine line) =>
        new(line.At, line.Actor, line.Role, line.Origin, line.Action, line.Vm, line.Detail, line.Result);
}

/// <summary>Who did what, when, with what result.</summary>
public static class AuditEndpoints
{
    private static readonly string[] Filters = ["limit", "cursor", "vm", "actor", "action", "from", "to"];

    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/audit", GetAudit).WithTags("Audit")
        .RequireAuthorization(AccessPolicies.Admin)
        .ProducesProblems(ProblemType.BadInput);

    /// <summary>The audit log, newest first.</summary>
    /// <param name="limit">1 to 1000 lines; 100 if left out.</param>
    /// <param name="cursor">From the page before.</param>
    /// <param name="vm">Only of this VM, which may be one that the lab has no longer.</param>
    /// <param name="actor">Only of this token's name.</param>
    /// <param name="action">Only of this action, such as `pause`.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included.</param>
    internal static AuditPageContract GetAudit(
        AuditLog audit,
        HttpContext context,
        string? limit = null,
        string? cursor = null,
        string? vm = null,
        string? actor = null,
        string? action = null,
        string? from = null,
        string? to = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var count = QueryText.Limit(limit);
        var range = QueryText.Range(from, to);
        var query = new AuditQuery(count + 1, QueryText.Cursor(cursor), vm, actor, action, range.From, range.To);
        var lines = audit.Read(query);
        return new AuditPageContract(
            [.. lines.Take(count).Select(AuditLineContract.Of)],
            lines.Count > count ? lines[count - 1].Cursor.ToString() : null);
    }
}
