using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace LabNet.Web.Api;

/// <summary>What a VM's QEMU can be asked without changing anything.</summary>
public static class VmReadEndpoints
{
    private const string Json = "application/json";
    internal const string Tag = "QEMU's own answers";
    private const int QomPathCharsMax = 1024;

    /// <summary>Addresses below a VM that hand on what QEMU returns: nothing is changed, so a newer QEMU's members come through.</summary>
    private static readonly (string Path, string QmpQuery)[] PassThroughs =
    [
        ("commands", "query-commands"),
        ("status", "query-status"),
        ("version", "query-version"),
        ("machine", "query-machines"),
        ("target", "query-target"),
        ("name", "query-name"),
        ("uuid", "query-uuid"),
        ("cpus", "query-cpus-fast"),
        ("cpu-defs", "query-cpu-definitions"),
        ("memory", "query-memory-size-summary"),
        ("memdevs", "query-memory-devices"),
        ("block", "query-block"),
        ("block/named", "query-named-block-nodes"),
        ("pci", "query-pci"),
        ("chardev", "query-chardev"),
        ("chardev-backends", "query-chardev-backends"),
        ("display", "query-display-options"),
        ("iothreads", "query-iothreads"),
        ("balloon", "query-balloon"),
        ("roms", "x-query-roms"),
    ];

    internal static void Map(IEndpointRouteBuilder api)
    {
        foreach (var (path, query) in PassThroughs)
        {
            HandsOn(
                api.MapGet("/vms/{vm}/" + path, async (string vm, VmRegistry vms, HttpContext context) =>
                    Answer(await vms.Require(vm).ReadAsync(query, context.RequestAborted))),
                $"What QEMU returns to `{query}`, unchanged.");
        }

        HandsOn(api.MapGet("/vms/{vm}/qmp-schema", GetSchemaAsync));
        HandsOn(api.MapGet("/vms/{vm}/qom-types", GetTypesAsync));
        HandsOn(api.MapGet("/vms/{vm}/qom-tree", GetQomTreeAsync)).ProducesProblems(ProblemType.BadInput);
        HandsOn(api.MapGet("/vms/{vm}/qom-props", GetQomPropertiesAsync)).ProducesProblems(ProblemType.BadInput);
        HandsOn(api.MapGet("/vms/{vm}/stats", GetStatsAsync));
    }

    /// <summary>What QEMU returns to `query-qmp-schema`, unchanged: all its commands, events and types. The ETag changes with QEMU's build.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<FileContentHttpResult> GetSchemaAsync(string vm, VmRegistry vms, HttpContext context) =>
        AnswerKept((await vms.Require(vm).ReadSchemaAsync(context.RequestAborted)).Raw);

    /// <summary>What QEMU returns to `qom-list-types`, unchanged. The ETag changes with QEMU's build.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<FileContentHttpResult> GetTypesAsync(string vm, VmRegistry vms, HttpContext context) =>
        AnswerKept((await vms.Require(vm).ReadTypesAsync(context.RequestAborted)).Raw);

    /// <summary>What QEMU returns to `qom-list`, unchanged: the children and properties of one of its objects.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="path">The object's place in the tree, such as `/machine/peripheral`; `/` if left out.</param>
    internal static async Task<FileContentHttpResult> GetQomTreeAsync(string vm, VmRegistry vms, HttpContext context, string? path = null)
    {
        var session = vms.Require(vm);
        var arguments = JsonSerializer.SerializeToElement(new QomPathArguments(QomPath(path)), QomCommands.List.Arguments);
        return Answer(await session.ReadAsync(QomCommands.List.Name, arguments, context.RequestAborted));
    }

    /// <summary>What QEMU returns to `qom-list-properties` for the type of one of its objects, unchanged.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="path">The object's place in the tree, such as `/machine/peripheral/vda`; `/` if left out.</param>
    internal static async Task<FileContentHttpResult> GetQomPropertiesAsync(string vm, VmRegistry vms, HttpContext context, string? path = null)
    {
        var session = vms.Require(vm);
        var type = await session.ReadAsync(QomCommands.Get, new QomGetArguments(QomPath(path), "type"), context.RequestAborted);
        if (type.ValueKind != JsonValueKind.String)
        {
            throw new QmpProtocolException($"QEMU says that {path} is of the type {type.GetRawText()}.");
        }

        var arguments = JsonSerializer.SerializeToElement(new QomTypeArguments(type.GetString()!), QomCommands.ListProperties.Arguments);
        return Answer(await session.ReadAsync(QomCommands.ListProperties.Name, arguments, context.RequestAborted));
    }

    /// <summary>What QEMU returns to `query-stats` for every target that it knows, in one list; empty under TCG.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<FileContentHttpResult> GetStatsAsync(string vm, VmRegistry vms, HttpContext context)
    {
        var session = vms.Require(vm);
        var schema = await session.ReadSchemaAsync(context.RequestAborted);
        var lists = new List<ReadOnlyMemory<byte>>();
        foreach (var target in StatsTargets(schema.Parsed))
        {
            var arguments = JsonElement.Parse($$"""{"target": "{{JsonEncodedText.Encode(target)}}"}""");
            lists.Add(await session.ReadAsync("query-stats", arguments, context.RequestAborted));
        }

        return Answer(JsonLists.Join(lists));
    }

    /// <summary>A QEMU without the command is asked all the same, and says so itself.</summary>
    private static ImmutableArray<string> StatsTargets(QmpSchema schema) =>
        schema.FindCommand("query-stats")?.Arguments.Members.FirstOrDefault(member => member.Name == "target")?.Type is QmpSchemaType.Enumeration targets
            ? targets.Values
            : ["vm"];

    private static string QomPath(string? path) => path switch
    {
        null => "/",
        { Length: <= QomPathCharsMax } when path.StartsWith('/') && !path.Any(char.IsControl) => path,
        _ => throw new BadInputException($"path: it has to begin with \"/\", without control characters, {QomPathCharsMax} characters at most."),
    };

    private static FileContentHttpResult Answer(ReadOnlyMemory<byte> returned) => TypedResults.Bytes(returned, Json);

    private static FileContentHttpResult AnswerKept(ReadOnlyMemory<byte> returned)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(returned.Span).AsSpan(0, 16))}\"");
        return TypedResults.Bytes(returned, Json, fileDownloadName: null, enableRangeProcessing: false, lastModified: null, entityTag: tag);
    }

    private static RouteHandlerBuilder HandsOn(RouteHandlerBuilder route, string? summary = null) =>
        (summary is null ? route : route.WithSummary(summary))
        .WithTags(Tag)
        .Produces<object>(StatusCodes.Status200OK, Json)
        .ProducesProblems(ProblemType.UnknownThing, ProblemType.RefusedByQemu, ProblemType.NotConnected, ProblemType.TimedOut);
}
