using System.Net;
using System.Text;
using LabNet.Core.Vms;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class RequestBodyTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("""{"path": "true", "argv": [], "cwd": "/"}""", "The body has unknown members: argv, cwd. Known are: path, args, input, outputEncoding.")]
    [InlineData("""{"args": []}""", "The body lacks: path.")]
    [InlineData("""{"Path": "true"}""", "The body has unknown members: Path. Known are: path, args, input, outputEncoding.")]
    [InlineData("""{"path": 1}""", "The body's $.path is not of the type or not one of the words that /api/v1/openapi.json allows.")]
    [InlineData("""{"path": null}""", "The body's $.path is not of the type or not one of the words that /api/v1/openapi.json allows.")]
    [InlineData("""{"path": "true", "args": ["a", 1]}""", "The body's $.args[1] is not of the type or not one of the words that /api/v1/openapi.json allows.")]
    [InlineData("""{"path": "true", "outputEncoding": "hex"}""", "The body's $.outputEncoding is not of the type or not one of the words that /api/v1/openapi.json allows.")]
    [InlineData("""{"path": ""}""", "path has to name a program, and neither path nor args can hold a zero byte.")]
    [InlineData("""{"path": "true", "args": ["a\u0000b"]}""", "path has to name a program, and neither path nor args can hold a zero byte.")]
    [InlineData("""[]""", "The body has to be a JSON object.")]
    [InlineData("""null""", "The body has to be a JSON object.")]
    public async Task A_body_that_is_not_as_the_contract_says_is_refused_with_what_is_wrong(string body, string detail)
    {
        var problem = await ProblemJson.ReadAsync(await PostAsync(body));
        Assert.Equal(("/docs/errors#bad-input", detail), (problem.Type, problem.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"path": "true", "path": "false"}""")]
    [InlineData("""{"path": "true"} {}""")]
    public async Task A_body_that_is_no_JSON_is_refused(string body)
    {
        var problem = await ProblemJson.ReadAsync(await PostAsync(body));
        Assert.Equal("/docs/errors#bad-input", problem.Type);
        Assert.StartsWith("The body is no JSON: ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_declared_as_JSON_is_refused()
    {
        var problem = await ProblemJson.ReadAsync(await PostAsync("""{"path": "true"}""", "text/plain"));
        Assert.Equal(("/docs/errors#not-json", 415), (problem.Type, problem.Status));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        using var answer = await PostAsync($$"""{"path": "true", "input": "{{new string('x', 2 * 1024 * 1024)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("/docs/errors#too-large", (await ProblemJson.ReadAsync(answer)).Type);
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string mediaType = "application/json")
    {
        using var client = await app.NewClientAsync(Role.Operator);
        return await client.PostAsync("/api/v1/vms/x86/guest/exec", new StringContent(body, Encoding.UTF8, mediaType), TestRun.Ended);
    }
}
