using System.Net.Http.Json;
using System.Text.Json.Nodes;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Tests.IoBenchmarks;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class IoBenchmarkTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("""{"device": "vda", "profile": "fast"}""", 400, "profile: there is no \"fast\"")]
    [InlineData("""{"device": "vda", "profile": "rand-read-4k", "seconds": 61}""", 400, "seconds: 61 is not from 1 to 60.")]
    [InlineData("""{"device": "vda", "profile": "rand-read-4k", "repeats": 0}""", 400, "repeats: 0 is not from 1 to 30.")]
    [InlineData("""{"device": "vda", "profile": "rand-read-4k", "target": "tape"}""", 400, "The body's $.target")]
    [InlineData("""{"device": "vda", "profile": "rand-write-4k", "target": "disk"}""", 400, "destroys: rand-write-4k on the disk itself destroys what is on vda.")]
    [InlineData("""{"device": "vda", "profile": "rand-read-4k", "force": true}""", 400, "The body has unknown members: force.")]
    [InlineData("""{"device": "vda"}""", 400, "The body lacks: profile.")]
    [InlineData("""{"device": "vda", "profile": "rand-read-4k"}""", 409, "x86 is not running, and a guest that stands still reads and writes nothing.")]
    public async Task What_cannot_be_measured_is_refused_with_the_reason(string body, int status, string detail)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var problem = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/vms/x86/io-benchmarks", content, TestRun.Ended));
        Assert.Equal(status, problem.Status);
        Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_are_listed_told_compared_and_forgotten()
    {
        var before = await KeepAsync(SampleRuns.With("before", 1000, 1010, 990, 1020, 980, 1005));
        var after = await KeepAsync(SampleRuns.With("after", 1120, 1131, 1109, 1142, 1098, 1125) with { StartedAt = SampleRuns.Start.AddMinutes(5) });
        using var client = await app.NewClientAsync(Role.Operator);

        var runs = (await client.GetFromJsonAsync<JsonArray>("/api/v1/vms/x86/io-benchmarks", TestRun.Ended))!;
        Assert.Equal([after.Id, before.Id], runs.Select(run => run!["id"]!.GetValue<string>()));
        AssertJson(
            $$"""
            {"id":"{{before.Id}}","vm":"x86","device":"vda","deviceType":"virtio-blk-pci","guestDevice":"/dev/vda","profile":"rand-read-4k","target":"file",
             "label":"before","series":null,"underLoad":false,"seconds":1,"repeats":5,"measured":6,"qemuVersion":"7.2.22","accelerator":"tcg","startedBy":"alice","state":"succeeded",
             "startedAt":"2026-11-22T10:00:00.000000Z","endedAt":"2026-11-22T10:00:00.000000Z","error":null,
             "iops":{"median":1002.5,"low":980,"high":1020,"confidence":0.96875},
             "bytesPerSecond":{"median":4106240,"low":4014080,"high":4177920,"confidence":0.96875} }
            """,
            runs[1]!);

        var details = (await client.GetFromJsonAsync<JsonNode>($"/api/v1/vms/x86/io-benchmarks/{before.Id}", TestRun.Ended))!;
        Assert.Equal(6, details["results"]!.AsArray().Count);
        AssertJson(
            """
            {"number":1,"startedAt":"2026-11-22T10:00:01.000000Z","endedAt":"2026-11-22T10:00:02.000000Z","engine":"libaio","fioVersion":"fio-3.33",
             "read":{"bytes":4096000,"operations":1000,"runtimeMs":1000,"latencyMeanNs":1000000,"latencyMaxNs":9000000,
                     "p50Ns":1000000,"p95Ns":2000000,"p99Ns":3000000,"p999Ns":4000000,"iops":1000,"bytesPerSecond":4096000},
             "write":null,
             "host":{"readBytes":4096000,"readOperations":1000,"readTimeNs":123,"writtenBytes":4,"writeOperations":5,"writeTimeNs":6,"flushOperations":7,
                     "failedOperations":8},
             "traced":{"operations":1000,"p50Ns":31000,"p95Ns":32000,"p99Ns":33000,"maxNs":34000}}
            """,
            details["results"]![0]!);

        var comparison = (await client.GetFromJsonAsync<JsonNode>($"/api/v1/io-benchmarks/compare?a={before.Id}&b={after.Id}", TestRun.Ended))!;
        Assert.StartsWith("After is 12 % faster (between ", comparison["verdict"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(("iops", "better", 2 / 924.0), (
            comparison["figures"]![0]!["name"]!.GetValue<string>(), comparison["figures"]![0]!["finding"]!.GetValue<string>(), comparison["figures"]![0]!["p"]!.GetValue<double>()));
        Assert.Empty(comparison["differences"]!.AsArray());

        using var gone = await client.DeleteAsync($"/api/v1/vms/x86/io-benchmarks/{before.Id}", TestRun.Ended);
        Assert.Equal(204, (int)gone.StatusCode);
        Assert.Contains($"test operator io-benchmark-delete accepted rand-read-4k on vda ({before.Id})", AuditLines.Of(app, "io-benchmark-delete"));
        await client.DeleteAsync($"/api/v1/vms/x86/io-benchmarks/{after.Id}", TestRun.Ended);
        Assert.Empty((await client.GetFromJsonAsync<JsonArray>("/api/v1/vms/x86/io-benchmarks", TestRun.Ended))!);
    }

    [Fact]
    public async Task What_cannot_be_compared_is_refused_with_the_reason()
    {
        var read = await KeepAsync(SampleRuns.With("", 1, 2) with { Vm = VmName.Parse("arm") });
        var written = await KeepAsync(SampleRuns.With("", 1, 2) with { Vm = VmName.Parse("arm"), Profile = "seq-read-1m" });
        var running = SampleRuns.New("") with { Vm = VmName.Parse("arm") };
        await app.Get<IoBenchmarkStore>().AddAsync(running, TestRun.Ended);
        using var client = await app.NewClientAsync(Role.Operator);
        async Task<(int?, string?)> RefusedAsync(string query)
        {
            var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/io-benchmarks/compare?{query}", TestRun.Ended));
            return (problem.Status, problem.Detail);
        }

        Assert.Equal((400, "b: the id of a run is missing."), await RefusedAsync($"a={read.Id}"));
        Assert.Equal((404, "There is no run \"x\". The newest 1000 are kept."), await RefusedAsync($"a={read.Id}&b=x"));
        Assert.Equal((400, "Only runs of one profile can be compared, and a is of rand-read-4k, b of seq-read-1m."), await RefusedAsync($"a={read.Id}&b={written.Id}"));
        Assert.Equal((409, $"The run {running.Id} has not ended."), await RefusedAsync($"a={read.Id}&b={running.Id}"));

        var elsewhere = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/vms/x86/io-benchmarks/{read.Id}", TestRun.Ended));
        Assert.Equal((404, $"The run \"{read.Id}\" is of arm, not of x86."), (elsewhere.Status, elsewhere.Detail));
        var busy = await ProblemJson.ReadAsync(await client.DeleteAsync($"/api/v1/vms/arm/io-benchmarks/{running.Id}", TestRun.Ended));
        Assert.Equal(409, busy.Status);
    }

    private async Task<IoBenchmark> KeepAsync(IoBenchmark run)
    {
        var store = app.Get<IoBenchmarkStore>();
        await store.AddAsync(run with { State = OperationState.Running }, TestRun.Ended);
        foreach (var repeat in run.Results)
        {
            await store.AddRepeatAsync(run.Id, repeat, TestRun.Ended);
        }

        await store.EndAsync(run.Id, run.State, run.Error, TestRun.Ended);
        return run;
    }

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
}
