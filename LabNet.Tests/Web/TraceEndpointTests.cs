using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.TraceEvents;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class TraceEndpointTests(TestApp app) : IClassFixture<TestApp>
{
    private const string From = "2026-11-22T10:00:00.000000Z";
    private const long FromNs = 1_795_341_600_000_000_000;

    private static readonly VmName X86 = VmName.Parse("x86");

    [Fact]
    public async Task What_is_stored_is_answered_filtered_paged_drawn_and_counted()
    {
        await StoreAsync();
        using var client = await app.NewClientAsync(Role.Viewer);
        var page = await GetAsync(client, "trace?vm=x86&limit=2&filter=" + Uri.EscapeDataString("sector >= 7"));
        Assert.Equal([9, 8], page["items"]!.AsArray().Select(item => item!["args"]!["sector"]!.GetValue<int>()));
        page = await GetAsync(client, $"trace?vm=x86&limit=2&filter={Uri.EscapeDataString("sector >= 7")}&cursor={page["cursor"]!.GetValue<string>()}");
        Assert.Equal([7], page["items"]!.AsArray().Select(item => item!["args"]!["sector"]!.GetValue<int>()));
        Assert.Null(page["cursor"]);

        var range = $"vm=x86&from={From}&to=2026-11-22T10:00:10Z";
        var timeline = await GetAsync(client, $"trace/timeline?{range}&bins=11");
        Assert.Equal((1_000_000_001, true), (timeline["binNs"]!.GetValue<long>(), timeline["complete"]!.GetValue<bool>()));
        var track = Assert.Single(timeline["tracks"]!.AsArray())!;
        Assert.Equal(("virtio_blk_handle_read", 10), (track["track"]!.GetValue<string>(), track["events"]!.GetValue<int>()));
        Assert.Equal(10, track["count"]!.AsArray().Sum(count => count!.GetValue<int>()));
        Assert.Equal("vCPU 1", (await GetAsync(client, $"trace/timeline?{range}&tracks=vcpu"))["tracks"]![0]!["track"]!.GetValue<string>());

        var statistic = Assert.Single((await GetAsync(client, $"trace/statistics?{range}&events=virtio_blk_handle_read,nothing")).AsArray())!;
        Assert.Equal((10, 1.0), (statistic["count"]!.GetValue<int>(), statistic["ratePerSecond"]!.GetValue<double>()));
        Assert.Empty((await GetAsync(client, $"trace/statistics?{range}&events=nothing")).AsArray());
    }

    [Fact]
    public async Task A_timeline_comes_in_lines_to_whoever_wants_them()
    {
        await StoreAsync();
        using var client = await app.NewClientAsync(Role.Viewer);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        var lines = (await client.GetStringAsync($"/api/v1/trace/timeline?vm=x86&from={From}&to=2026-11-22T10:00:10Z&filter=sector%3E3", TestRun.Ended)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(JsonNode.Parse(lines[^1])!["complete"]!.GetValue<bool>());
        Assert.InRange(lines.Sum(line => JsonNode.Parse(line)!["tracks"]!.AsArray().Sum(track => track!["events"]!.GetValue<int>())), 6, int.MaxValue);
    }

    [Theory]
    [InlineData("trace?vm=x86&filter=" + "thread+%3D%3D", "filter: at 10:", 9)]
    [InlineData("trace/timeline?filter=not+(", "filter: at 6:", 5)]
    [InlineData("trace/statistics?filter=latencyUs+%3E+5x", "filter: at 13:", 12)]
    [InlineData("trace/timeline?bins=1", "bins: \"1\" is no number from 2 to 10000.", null)]
    [InlineData("trace/timeline?tracks=disk", "tracks: \"disk\" is none of", null)]
    [InlineData("trace/statistics?from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z", "from: it is not before to.", null)]
    [InlineData("trace", "vm: the name of a VM is missing.", null)]
    [InlineData("trace?vm=x86&fliter=x", "There is no filter fliter", null)]
    public async Task A_mistake_is_told_with_its_place(string request, string detail, int? position)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        using var answer = await client.GetAsync("/api/v1/" + request, TestRun.Ended);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(TestRun.Ended))!;
        Assert.StartsWith(detail, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(position, problem["position"]?.GetValue<int>());
    }

    [Theory]
    [InlineData("""{"pattern":"x","enabled":true}""", "The body has to be a JSON array.")]
    [InlineData("""[{"pattern":"x"}]""", "The body's [0] lacks: enabled.")]
    [InlineData("""[{"pattern":"x","enabled":true,"kept":"ring"}]""", "The body's [0] has unknown members: kept.")]
    [InlineData("""[{"pattern":"a b","enabled":true}]""", "pattern: \"a b\" is no trace event's name")]
    [InlineData("""[{"pattern":"x","enabled":true,"filter":"sector >"}]""", "filter: at 9:")]
    [InlineData("""[{"pattern":"x","enabled":true,"keep":"disk"}]""", "The body's $[0].keep")]
    public async Task A_wrong_switch_is_refused_before_anything_is_switched(string body, string detail)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var answer = await client.PutAsync("/api/v1/vms/x86/trace-events", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestRun.Ended);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(detail, (await answer.Content.ReadFromJsonAsync<JsonNode>(TestRun.Ended))!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_place_for_them_nothing_is_switched_and_it_says_how_to_get_one()
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var answer = await client.PutAsJsonAsync("/api/v1/vms/x86/trace-events", new[] { new { pattern = "virtio_blk_*", enabled = true } }, TestRun.Ended);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("./infra/lab up makes it", await answer.Content.ReadAsStringAsync(TestRun.Ended), StringComparison.Ordinal);
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string request) => (await client.GetFromJsonAsync<JsonNode>("/api/v1/" + request, TestRun.Ended))!;

    /// <summary>Ten reads, one a second.</summary>
    private async Task StoreAsync()
    {
        if (app.Get<TraceStore>().ReadPosition(X86) is not null)
        {
            return;
        }

        var type = new TraceEventType("virtio_blk_handle_read", [new TraceArgument("sector", "uint64_t", TraceValueKind.Natural)], IsTyped: true);
        await StoredTrace.AppendAsync(app.Get<RingWriter>(), app.Get<TraceStore>(), X86, [.. Enumerable.Range(0, 10).Select(number =>
            new TraceEvent(X86, 0, FromNs + (number * 1_000_000_000L), new TraceThread(7, Vcpu: 1), type, [new TraceValue(TraceValueKind.Natural, number, Text: null)], LatencyNs: null))]);
    }
}
