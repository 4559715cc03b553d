using System.Net.Http.Json;

namespace LabNet.Tests.Web;

/// <summary>A problem as a client of the API reads it.</summary>
internal sealed record ProblemJson(
    string Type, string Title, int Status, string Detail, string? QmpClass, string? QmpCommand, string? TraceId, IReadOnlyList<string>? Missing)
{
    public static async Task<ProblemJson> ReadAsync(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = (await answer.Content.ReadFromJsonAsync<ProblemJson>(TestRun.Ended))!;
        Assert.Equal((int)answer.StatusCode, problem.Status);
        return problem;
    }
}
