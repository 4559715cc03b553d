using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace LabNet.Web.Api;

/// <summary>Traced events as a file.</summary>
public static class TraceExportEndpoint
{
    private const string PerfettoType = "application/octet-stream";
    private const string CsvType = "text/csv; charset=utf-8; header=present";
    private const string NdjsonType = "application/x-ndjson";

    private static readonly string[] Filters = ["vm", "events", "filter", "from", "to", "format"];

    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/trace/export", GetTraceExport).WithTags(TraceEndpoints.Tag)
        .Produces<string>(StatusCodes.Status200OK, PerfettoType, "text/csv", NdjsonType)
        .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);

    /// <summary>What the VMs' QEMUs traced until now, oldest first, as a download of any size.</summary>
    /// <param name="vm">Names of VMs, separated by commas; all of the lab if left out. Several are merged by time.</param>
    /// <param name="events">Only of these names, separated by commas.</param>
    /// <param name="filter">Only what it lets through.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included.</param>
    /// <param name="format">`perfetto` for ui.perfetto.dev, `csv`, or `ndjson`: a line for each event as `/trace` has them.</param>
    internal static PushStreamHttpResult GetTraceExport(
        VmRegistry vms,
        TraceStore store,
        TraceCatalogue catalogue,
        TimeProvider time,
        HttpContext context,
        string? vm = null,
        string? events = null,
        string? filter = null,
        string? from = null,
        string? to = null,
        string? format = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var (exported, contentType, extension) = QueryText.OneOf("format", format, "perfetto", "csv", "ndjson") switch
        {
            "csv" => (TraceExportFormat.Csv, CsvType, "csv"),
            "ndjson" => (TraceExportFormat.Ndjson, NdjsonType, "ndjson"),
            _ => (TraceExportFormat.Perfetto, PerfettoType, "pftrace"),
        };
        var names = vm is null ? [.. vms.Vms.Select(one => one.State.Name)] : QueryText.List(vm).Select(name => vms.Require(name).State.Name).Distinct().ToList();
        var range = QueryText.Range(from, to);
        var wanted = TraceQueryText.Filter(filter, events, catalogue);
        var queries = names.Select(name => new TraceQuery(
            name, int.MaxValue, range.From?.ToUnixTimeNs(), range.To?.ToUnixTimeNs(), wanted));

        // Read when the answer is written: what fails before its first bytes is still told as a problem, what fails later breaks it off.
        var found = queries.Select(query => store.ReadOldestFirstAsync(query, context.RequestAborted)).ToList();
        return TypedResults.Stream(
            _ => TraceExport.WriteAsync(TraceMerge.ByTimeAsync(found, context.RequestAborted), exported, context.Response.BodyWriter, context.RequestAborted),
            contentType,
            $"labnet-{(names is [var one] ? one.ToString() : vms.Lab.Name.ToString())}-{time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.{extension}");
    }
}
