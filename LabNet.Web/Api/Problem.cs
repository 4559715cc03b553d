using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace LabNet.Web.Api;

/// <summary>What went wrong (RFC 9457).</summary>
public sealed record Problem
{
    [SetsRequiredMembers]
    internal Problem(ProblemType type, string detail)
    {
        Type = type.Link;
        Title = type.Title;
        Status = type.Status;
        Detail = detail;
    }

    /// <summary>Leads to what it means and what to do; the same for all problems of a kind, so that programs can decide by it.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong this time.</summary>
    public required string Detail { get; init; }

    /// <summary>QEMU's error class, such as `GenericError`, when QEMU refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QmpClass { get; init; }

    /// <summary>The command that QEMU refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QmpCommand { get; init; }

    /// <summary>Where in a filter the mistake is: characters before it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Position { get; init; }

    /// <summary>What was perhaps meant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hint { get; init; }

    /// <summary>What is missing, when LabNet is not ready.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>By which LabNet's log tells more, when LabNet failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }
}

internal static class Problems
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return context.Response.WriteAsJsonAsync(problem, options: null, ContentType, context.RequestAborted);
    }
}
