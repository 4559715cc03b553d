using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class CaptureEndpointTests(TestApp app) : IClassFixture<TestApp>
{
    private const string Nics = """[{"vm": "x86", "nic": "eth1"}]""";

    [Theory]
    [InlineData("""{"nics": []}""", 400, "nics: 1 to 16 are possible at once.")]
    [InlineData("""{"nics": [{"vm": "x86", "nic": "eth1"}, {"vm": "x86", "nic": "eth1"}]}""", 400, "nics: one of them stands there twice.")]
    [InlineData("""{"nics": NICS, "durationMs": 99}""", 400, "durationMs: 100 to 3600000 are possible; left out, the capture goes on until it is stopped or full.")]
    [InlineData("""{"nics": NICS, "maxBytes": 4095}""", 400, "maxBytes: 4096 to 1073741824 are possible.")]
    [InlineData("""{"nics": NICS, "maxBytes": 1073741825}""", 400, "maxBytes: 4096 to 1073741824 are possible.")]
    [InlineData("""{"nics": NICS, "filter": "tcp prot 80"}""", 400, "filter: at 5: and, or or the end is expected, not \"prot\"")]
    [InlineData("""{"nics": [{"vm": "x86", "nic": "eth7"}]}""", 404, "There is no NIC of x86 \"eth7\"; there is eth0, eth1.")]
    [InlineData("""{"nics": [{"vm": "none", "nic": "eth0"}]}""", 404, "There is no VM \"none\"; there is x86, arm.")]
    [InlineData("""{"nics": NICS}""", 409, "x86 is not running. Start it first.")]
    [InlineData("""{"nics": NICS, "speed": 1}""", 400, "The body has unknown members: speed. Known are: nics, durationMs, maxBytes, filter.")]
    public async Task What_cannot_be_captured_is_told(string body, int status, string detail)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        using var content = new StringContent(body.Replace("NICS", Nics, StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/json");
        var problem = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/captures", content, TestRun.Ended));
        Assert.Equal((status, detail), (problem.Status, problem.Detail));
        Assert.Empty(app.Get<CaptureRegistry>().All);
    }

    [Fact]
    public async Task A_mistake_in_a_filter_has_its_place_as_a_number()
    {
        using var client = await app.NewClientAsync(Role.Operator);
        var answer = await client.PostAsJsonAsync("/api/v1/captures", new { nics = new[] { new { vm = "x86", nic = "eth1" } }, filter = "port 80 or hots 10.10.10.1" }, TestRun.Ended);
        Assert.Equal(11, (await answer.Content.ReadFromJsonAsync<JsonElement>(TestRun.Ended)).GetProperty("position").GetInt32());
    }

    [Theory]
    [InlineData("/api/v1/captures/none")]
    [InlineData("/api/v1/captures/none/packets")]
    [InlineData("/api/v1/captures/none/pcapng")]
    [InlineData("/api/v1/links/none/flows")]
    [InlineData("/api/v1/links/none/flows/history")]
    [InlineData("/api/v1/links/none/pings/history")]
    [InlineData("/api/v1/links/none/path-mtus")]
    public async Task What_is_not_there_is_told(string address)
    {
        using var client = await app.NewClientAsync(Role.Operator);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(address, TestRun.Ended)).StatusCode);
    }

    [Fact]
    public async Task The_flows_of_a_link_are_those_that_were_told_last()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var nothing = await client.GetFromJsonAsync<JsonElement>("/api/v1/links/lab/flows", TestRun.Ended);
        Assert.Equal((0, true), (nothing.GetProperty("flows").GetArrayLength(), nothing.GetProperty("enabled").GetBoolean()));
        Assert.Contains("/traffic", nothing.GetProperty("notCounted").GetProperty("x86/eth1").GetString(), StringComparison.Ordinal);

        var key = FlowKey.Of(PacketParser.Parse(Traffic.Frames.Ping()));
        var flow = new Flow(new CaptureNic(VmName.Parse("x86"), "eth1"), key, 3, 294, 1_000_000_000, 2_000_000_000);
        app.Feed.Publish(FeedSource.Lab, new FlowsChanged(LinkName.Parse("lab"), [new FlowNow(flow, 1.5, 147)], 1, 3, 294, 1.5, 147, 7, 2));
        var told = await client.GetFromJsonAsync<JsonElement>("/api/v1/links/lab/flows", TestRun.Ended);
        Assert.Equal(
            """{"vm":"x86","nic":"eth1","protocol":"ICMP","source":"10.10.10.2","sourcePort":null,"destination":"10.10.10.1","destinationPort":null,"packets":3,"bytes":294,"packetsPerSecond":1.5,"bytesPerSecond":147,"firstSeen":"1970-01-01T00:00:01.000000Z","lastSeen":"1970-01-01T00:00:02.000000Z"}""",
            told.GetProperty("flows")[0].GetRawText());
        Assert.Equal((7, 2), (told.GetProperty("evicted").GetInt32(), told.GetProperty("gaps").GetInt32()));
    }

    [Fact]
    public async Task A_black_hole_is_named_to_whoever_asks_and_in_the_history()
    {
        var mtu = new PathMtuMeasured(LinkName.Parse("lab"), VmName.Parse("x86"), VmName.Parse("arm"), 1450, 1451, 1501, Problem: null, app.Time.GetUtcNow());
        app.Feed.Publish(FeedSource.Lab, mtu);
        using var client = await app.NewClientAsync(Role.Viewer);
        var told = (await client.GetFromJsonAsync<JsonElement>("/api/v1/links/lab/path-mtus", TestRun.Ended))[0];
        Assert.Equal((true, "a black hole: 1450 bytes fit, 1451 vanish without an error."), (told.GetProperty("blackHole").GetBoolean(), told.GetProperty("told").GetString()));
        Assert.Equal("mtu-black-hole", mtu.Note!.Name);
        Assert.Null((mtu with { VanishesBytes = null }).Note);
    }
}
