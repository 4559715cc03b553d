using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Web;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class RecoveryEndpointTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("""{"policy": "reboot"}""", "policy: \"reboot\" is none; allowed are none, restart, restore-last or restore NAME.")]
    [InlineData("""{"policy": "restore"}""", "policy: \"restore\" needs the name of a snapshot, such as \"restore before-driver\".")]
    [InlineData("""{"policy": "restore nowhere"}""", "policy: there is no snapshot \"nowhere\"; there is none.")]
    [InlineData("""{"policy": "restart", "budgetTimes": 0}""", "budgetTimes: 0 is not between 1 and 100.")]
    [InlineData("""{"policy": "restart", "onHang": true, "hangSeconds": 1}""", "hangSeconds: 1 is not between 10 and 3600.")]
    [InlineData("""{"policy": "restart", "budget": 5}""", "The body has unknown members: budget.")]
    [InlineData("""{"onHang": true}""", "The body lacks: policy.")]
    public async Task A_policy_that_is_none_is_refused_with_what_is_allowed(string body, string detail)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ProblemJson.ReadAsync(await client.PutAsync("/api/v1/vms/x86/recovery", content, TestRun.Ended));
        Assert.Equal(400, problem.Status);
        Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_is_set_and_told()
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var set = await client.PutAsJsonAsync("/api/v1/vms/x86/recovery", new { policy = "restart", budgetTimes = 3, onHang = true }, TestRun.Ended);
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        var told = (await client.GetFromJsonAsync<JsonNode>("/api/v1/vms/x86/recovery", TestRun.Ended))!;
        var expected = JsonNode.Parse(
            """
            {"policy":"restart","budgetTimes":3,"budgetSeconds":600,"onHang":true,"hangSeconds":30,"memoryDump":false,
             "breaker":{"open":false,"since":null,"why":null,"attempts":[]},"whyOnlyNone":null}
            """);
        Assert.True(JsonNode.DeepEquals(expected, told), told.ToJsonString());
    }

    [Fact]
    public async Task Incidents_are_listed_told_with_their_evidence_and_forgotten()
    {
        var store = app.Get<RecoveryStore>();
        var incident = SampleIncident.Of("x86");
        await store.AddAsync(incident, SampleIncident.Evidence, TestRun.Ended);
        using var client = await app.NewClientAsync(Role.Operator);

        var listed = Assert.Single((await client.GetFromJsonAsync<JsonArray>("/api/v1/incidents?vm=x86", TestRun.Ended))!)!;
        Assert.Equal((incident.Id, "qemu-killed", "recovered"), (listed["id"]!.GetValue<string>(), listed["kind"]!.GetValue<string>(), listed["outcome"]!.GetValue<string>()));
        Assert.Equal(1500, listed["times"]!["answersMs"]!.GetValue<double>());
        Assert.DoesNotContain((await client.GetFromJsonAsync<JsonArray>("/api/v1/incidents?vm=arm", TestRun.Ended))!, one => one!["id"]!.GetValue<string>() == incident.Id);

        var details = (await client.GetFromJsonAsync<JsonNode>($"/api/v1/incidents/{incident.Id}", TestRun.Ended))!;
        Assert.Equal(1200, details["evidence"]!["traceEvents"]!["virtio_blk_req_complete"]!.GetValue<long>());
        Assert.Contains(SampleIncident.Hostile, details["evidence"]!["console"]!.GetValue<string>());
        Assert.Equal("/timeline?from=1795341570000&to=1795341615000&a=1795341600000", details["links"]!["timeline"]!.GetValue<string>());
        Assert.Null(details["links"]!["memoryDump"]);

        using var console = await client.GetAsync($"/api/v1/incidents/{incident.Id}/console", TestRun.Ended);
        Assert.Equal(("text/plain", "attachment"), (console.Content.Headers.ContentType!.MediaType, console.Content.Headers.ContentDisposition!.DispositionType));
        Assert.Equal(SampleIncident.Evidence.Console, await console.Content.ReadAsByteArrayAsync(TestRun.Ended));

        using var deleted = await client.DeleteAsync($"/api/v1/incidents/{incident.Id}", TestRun.Ended);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await client.GetAsync($"/api/v1/incidents/{incident.Id}", TestRun.Ended);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task One_that_goes_on_cannot_be_forgotten()
    {
        var incident = SampleIncident.Of("arm", IncidentOutcome.Recovering);
        await app.Get<RecoveryStore>().AddAsync(incident, SampleIncident.Evidence, TestRun.Ended);
        using var client = await app.NewClientAsync(Role.Operator);
        Assert.Equal(409, (await ProblemJson.ReadAsync(await client.DeleteAsync($"/api/v1/incidents/{incident.Id}", TestRun.Ended))).Status);
    }
}
