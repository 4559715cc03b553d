using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Vms;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class OpenApiTests(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task The_description_has_every_path_of_the_contract()
    {
        var paths = (await ReadAsync())["paths"]!.AsObject();
        var described = paths.SelectMany(path => path.Value!.AsObject().Select(method => $"{method.Key.ToUpperInvariant()} {path.Key}"));
        var mapped = RolesTests.Endpoints
            .Select(row => $"{row.Data.Item1} {row.Data.Item2}")
            .Where(row => !row.EndsWith("openapi.json", StringComparison.Ordinal) && !row.EndsWith("/docs/errors", StringComparison.Ordinal))
            .Where(row => !row.StartsWith("HEAD ", StringComparison.Ordinal));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_how_it_fails()
    {
        var document = await ReadAsync();
        foreach (var (path, item) in document["paths"]!.AsObject().Where(p => p.Key.StartsWith("/api/v1", StringComparison.Ordinal)))
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                Assert.True(operation!["summary"] is not null, $"{method} {path} has no summary");
                var responses = operation["responses"]!.AsObject();
                Assert.True(responses["401"]?["content"]?["application/problem+json"] is not null, $"{method} {path} does not describe its 401");
                Assert.True(responses["200"] is not null ^ responses["201"] is not null ^ responses["202"] is not null ^ responses["204"] is not null, $"{method} {path}");
            }
        }
    }

    [Fact]
    public async Task Words_times_and_bodies_are_described()
    {
        var document = await ReadAsync();
        Assert.Equal("bearer", document["components"]!["securitySchemes"]!["token"]!["scheme"]!.GetValue<string>());
        var schemas = document["components"]!["schemas"]!;
        Assert.Equal(["off", "starting", "connecting", "connected", "lost", "crashed"], Words(schemas["VmConnection"]!));
        Assert.Equal(["viewer", "operator", "admin"], Words(schemas["Role"]!));
        Assert.Equal(["x86_64", "aarch64"], Words(schemas["Architecture"]!));
        Assert.Equal("string", schemas["VmConnection"]!["type"]!.GetValue<string>());
        Assert.Equal("""{"type":"string","format":"date-time"}""", schemas["OperationContract"]!["properties"]!["startedAt"]!.ToJsonString());
        Assert.Equal("""{"type":["null","string"],"format":"date-time"}""", schemas["OperationContract"]!["properties"]!["endedAt"]!.ToJsonString());
        Assert.Contains("qmpClass", schemas["Problem"]!["properties"]!.AsObject().Select(property => property.Key));

        var exec = document["paths"]!["/api/v1/vms/{vm}/guest/exec"]!["post"]!;
        Assert.NotNull(exec["requestBody"]!["content"]!["application/json"]!["schema"]);
        Assert.Equal(["path"], schemas["GuestExecRequest"]!["required"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal(["utf-8", "base64"], Words(schemas["OutputEncoding"]!));
        Assert.Equal(["vm"], exec["parameters"]!.AsArray().Select(parameter => parameter!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Each_operation_says_which_role_it_needs_and_the_health_checks_need_none()
    {
        var paths = (await ReadAsync())["paths"]!;
        Assert.Equal("Needs the role viewer.", paths["/api/v1/vms"]!["get"]!["description"]!.GetValue<string>());
        Assert.Equal("Needs the role operator.", paths["/api/v1/vms/{vm}/actions/{action}"]!["post"]!["description"]!.GetValue<string>());
        Assert.Equal("Needs the role admin.", paths["/api/v1/tokens"]!["get"]!["description"]!.GetValue<string>());
        Assert.Empty(paths["/healthz"]!["get"]!["security"]!.AsArray());
    }

    private static IEnumerable<string> Words(JsonNode schema) => schema["enum"]!.AsArray().Select(word => word!.GetValue<string>());

    private async Task<JsonObject> ReadAsync()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var text = await client.GetStringAsync("/api/v1/openapi.json", TestRun.Ended);
        return JsonSerializer.Deserialize<JsonObject>(text)!;
    }
}
