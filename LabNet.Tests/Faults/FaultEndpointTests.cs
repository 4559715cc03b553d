using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Tests.Web;

namespace LabNet.Tests.Faults;

[Trait("suite", "unit")]
public sealed class FaultEndpointTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("""{"kind": "explode"}""", 400, "kind: “explode” is not one of pause,")]
    [InlineData("""{"durationMs": 10}""", 400, "The body lacks: kind.")]
    [InlineData("""{"kind": "pause", "durationMs": 10, "sooner": true}""", 400, "The body has unknown members: sooner.")]
    [InlineData("""{"kind": "pause", "durationMs": 10, "vcpu": 1}""", 400, "Unknown here: vcpu.")]
    [InlineData("""{"kind": "pause", "durationMs": "long"}""", 400, "The body's $.durationMs is not of the type")]
    [InlineData("""{"kind": "pause"}""", 400, "durationMs is missing: a number of milliseconds.")]
    [InlineData("""{"kind": "pause", "durationMs": 10, "at": "2200-01-01T00:00:00Z"}""", 400, "at: that is more than 24 h ahead.")]
    [InlineData("""{"kind": "pause", "durationMs": 10}""", 409, "x86 is not running")]
    [InlineData("""{"kind": "kill"}""", 409, "x86 is not running. Start it first.")]
    public async Task What_cannot_be_broken_is_refused_with_what_is_allowed(string body, int status, string told)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/vms/x86/faults", content, TestRun.Ended));
        Assert.Equal(status, problem.Status);
        Assert.StartsWith(told, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faults_are_listed_the_newest_first_and_told_one_by_one()
    {
        var older = await SaveAsync(new BlockErrorFault("vda", BlockOperation.Write, BlockErrno.EIO, 7, Once: true, null), hours: 1, FaultState.Lifted);
        var newer = await SaveAsync(new PauseFault(), hours: 2, FaultState.Failed);
        using var client = await app.NewClientAsync(Role.Operator);
        var listed = (await client.GetFromJsonAsync<JsonArray>("/api/v1/vms/arm/faults", TestRun.Ended))!;
        Assert.Equal([newer.Id.Text, older.Id.Text], listed.Select(fault => fault!["id"]!.GetValue<string>()));
        var lifted = Assert.Single((await client.GetFromJsonAsync<JsonArray>("/api/v1/vms/arm/faults?state=lifted", TestRun.Ended))!)!;
        var expected = JsonNode.Parse(
            $$"""
            {"id": "{{older.Id}}", "kind": "block-error", "vm": "arm", "text": "block errors on vda (write, EIO, sector 7, once)",
             "spec": {"kind": "block-error", "device": "vda", "operation": "write", "errno": "EIO", "sector": 7, "once": true},
             "state": "lifted", "plannedAt": "2026-11-22T01:00:00.000000Z", "startedAt": "2026-11-22T01:00:00.000000Z", "endsAt": "2026-11-22T01:00:05.000000Z",
             "liftedAt": null, "effectSeen": false, "evidence": null, "end": "snapshot-taken", "problem": null, "actor": "tester", "run": null}
            """);
        Assert.True(JsonNode.DeepEquals(expected, lifted), lifted.ToJsonString());
        Assert.True(JsonNode.DeepEquals(lifted, await client.GetFromJsonAsync<JsonNode>($"/api/v1/vms/arm/faults/{older.Id}", TestRun.Ended)));

        // One that is over stays as it is.
        using var deleted = await client.DeleteAsync($"/api/v1/vms/arm/faults/{older.Id}", TestRun.Ended);
        Assert.True(JsonNode.DeepEquals(lifted, await deleted.Content.ReadFromJsonAsync<JsonNode>(TestRun.Ended)));
        foreach (var address in (string[])["/api/v1/vms/x86/faults/" + older.Id, "/api/v1/vms/arm/faults/f-none"])
        {
            Assert.Equal(404, (await ProblemJson.ReadAsync(await client.DeleteAsync(address, TestRun.Ended))).Status);
        }
    }

    [Fact]
    public async Task Each_kind_tells_whether_it_can_be_had_here()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var kinds = (await client.GetFromJsonAsync<JsonArray>("/api/v1/vms/arm/fault-kinds", TestRun.Ended))!;
        Assert.Equal(FaultKinds.All, kinds.Select(kind => kind!["kind"]!.GetValue<string>()));
        Assert.Equal(["kill", "nmi", "reset"], kinds.Where(kind => kind!["momentary"]!.GetValue<bool>()).Select(kind => kind!["kind"]!.GetValue<string>()));
        Assert.Equal(
            ["link-impair", "nmi"], kinds.Where(kind => kind!["whyNot"]!.AsArray().Count > 0).Select(kind => kind!["kind"]!.GetValue<string>()));
        using var body = JsonContent.Create(new { kind = "kill" });
        using var answer = await client.PostAsync("/api/v1/vms/arm/faults", body, TestRun.Ended);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private async Task<Fault> SaveAsync(FaultSpec spec, int hours, FaultState state)
    {
        var at = new DateTimeOffset(2026, 11, 22, hours, 0, 0, TimeSpan.Zero);
        var fault = new Fault(
            FaultId.New(), VmName.Parse("arm"), spec, state, at, at, at.AddSeconds(5), LiftedAt: null, EffectSeen: false, Evidence: null, FaultEnd.SnapshotTaken, Problem: null, "tester", Run: null, Process: "");
        await app.Get<FaultStore>().SaveAsync(fault, TestRun.Ended);
        return fault;
    }
}
