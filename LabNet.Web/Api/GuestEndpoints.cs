using System.Text;
using System.Text.Json.Serialization;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <summary>How a program's output is written into JSON.</summary>
public enum OutputEncoding
{
    /// <summary>As text; bytes that are no UTF-8 become U+FFFD.</summary>
    [JsonStringEnumMemberName("utf-8")]
    Utf8,

    /// <summary>Byte for byte.</summary>
    [JsonStringEnumMemberName("base64")]
    Base64,
}

/// <summary>A program to run in the guest. No shell stands between.</summary>
/// <param name="Path">Looked up in the agent's PATH unless it has a slash.</param>
/// <param name="Args">Each arrives as it is.</param>
/// <param name="Input">Standard input; none if left out.</param>
/// <param name="OutputEncoding">`utf-8` if left out.</param>
public sealed record GuestExecRequest(
    string Path, IReadOnlyList<string>? Args = null, string? Input = null, OutputEncoding OutputEncoding = OutputEncoding.Utf8);

/// <param name="ExitCode">128 + signal if a signal ended it.</param>
/// <param name="Truncated">Whether the agent cut the output; it keeps 16 MiB of each stream.</param>
public sealed record GuestExecAnswer(int ExitCode, string Stdout, string Stderr, bool Truncated);

/// <summary>What happens inside of a guest, by its agent.</summary>
public static class GuestEndpoints
{
    internal static void Map(IEndpointRouteBuilder api) => api
        .MapPost("/vms/{vm}/guest/exec", ExecAsync).WithTags("Guest")
        .RequireAuthorization(AccessPolicies.Operator)
        .ProducesProblems(
            ProblemType.BadInput, ProblemType.UnknownThing, ProblemType.RefusedByGuest, ProblemType.AgentUnavailable, ProblemType.TimedOut);

    /// <summary>Runs a program in the guest and answers when it has ended.</summary>
    /// <param name="vm">The VM's name.</param>
    internal static async Task<GuestExecAnswer> ExecAsync(string vm, RequestBody<GuestExecRequest> body, VmRegistry vms, HttpContext context)
    {
        var session = vms.Require(vm);
        var request = body.Value;
        if (request.Path.Length == 0 || request.Path.Contains('\0', StringComparison.Ordinal)
            || request.Args?.Any(argument => argument.Contains('\0', StringComparison.Ordinal)) is true)
        {
            throw new BadInputException("path has to name a program, and neither path nor args can hold a zero byte.");
        }

        var program = new GuestProgram(request.Path, request.Args ?? [], request.Input is { } input ? Encoding.UTF8.GetBytes(input) : null);
        var result = await session.ExecAsync(program, context.User.ToActor("api"), context.RequestAborted);
        return new GuestExecAnswer(
            result.ExitCode, Written(result.Stdout, request.OutputEncoding), Written(result.Stderr, request.OutputEncoding), result.Truncated);
    }

    private static string Written(ReadOnlyMemory<byte> output, OutputEncoding encoding) =>
        encoding == OutputEncoding.Base64 ? Convert.ToBase64String(output.Span) : Encoding.UTF8.GetString(output.Span);
}
