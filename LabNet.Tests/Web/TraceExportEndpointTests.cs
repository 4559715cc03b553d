using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.TraceEvents;
using LabNet.Web.Api;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using static LabNet.Tests.TraceEvents.SampleEvents;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class TraceExportEndpointTests(TestApp app) : IClassFixture<TestApp>
{
    [Theory]
    [InlineData("", "application/octet-stream", "pftrace")]
    [InlineData("&format=perfetto", "application/octet-stream", "pftrace")]
    [InlineData("&format=csv", "text/csv; charset=utf-8; header=present", "csv")]
    [InlineData("&format=ndjson", "application/x-ndjson", "ndjson")]
    public async Task Each_format_is_a_download_with_a_name(string format, string type, string extension)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        using var one = await client.GetAsync("/api/v1/trace/export?vm=x86" + format, TestRun.Ended);
        Assert.Equal((type, $"attachment; filename=labnet-x86-20261122T100000Z.{extension}"), (one.Content.Headers.ContentType?.ToString(), one.Content.Headers.ContentDisposition?.ToString().Split("; filename*")[0]));
        using var all = await client.GetAsync("/api/v1/trace/export?from=2026-11-22T10:00:00Z" + format, TestRun.Ended);
        Assert.Equal($"labnet-cross-arch-20261122T100000Z.{extension}", all.Content.Headers.ContentDisposition?.FileName);
    }

    [Fact]
    public async Task A_line_of_the_export_is_an_item_of_the_API_to_the_letter()
    {
        await AppendAsync(X86, [BeginAt(10, 1), EndAt(95, 1, 85), .. HostileTexts.Where(text => text.Length < 4096).Select(text => At(200, Access, [1, 2, 3, -1L, 4, text]))]);
        await AppendAsync(Arm, At(100, TraceEventType.Unparsed, ["words"]) with { Thread = default });
        using var client = await app.NewClientAsync(Role.Viewer);
        const string Range = "from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:01Z";
        var lines = (await client.GetStringAsync($"/api/v1/trace/export?format=ndjson&{Range}", TestRun.Ended)).TrimEnd('\n').Split('\n');
        var items = new List<string>();
        foreach (var vm in (string[])["x86", "arm"])
        {
            using var page = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/trace?vm={vm}&limit=1000&{Range}", TestRun.Ended));
            items.AddRange(page.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetRawText()));
        }

        Assert.Equal(items.Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
        Assert.Equal(["x86", "x86", "arm", "x86"], lines.Take(4).Select(line => JsonNode.Parse(line)!["vm"]!.GetValue<string>()));
        Assert.All(lines, line => AssertDescribed(line));
    }

    [Fact]
    public async Task VMs_events_and_times_are_chosen()
    {
        await AppendAsync(X86, BeginAt(2_000_010, 1), EndAt(2_000_020, 1, 10), At(2_000_030, TraceEventType.Untyped("other"), ["x"]));
        await AppendAsync(Arm, BeginAt(2_000_015, 1));
        Assert.Equal(["x86 10", "arm 15"], await ChosenAsync("vm=x86,arm&events=virtio_blk_handle_read"));
        Assert.Equal(["arm 15"], await ChosenAsync("vm=arm"));
        Assert.Equal(["x86 20", "x86 30"], await ChosenAsync("vm=x86&events=other,%20virtio_blk_req_complete"));

        async Task<IEnumerable<string>> ChosenAsync(string query)
        {
            using var client = await app.NewClientAsync(Role.Viewer);
            var text = await client.GetStringAsync($"/api/v1/trace/export?format=ndjson&from=2026-11-22T10:00:02Z&to=2026-11-22T10:00:03Z&{query}", TestRun.Ended);
            return text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).Select(line => $"{line["vm"]} {line["time"]!.GetValue<string>()[^3..^1]}");
        }
    }

    [Fact]
    public async Task The_file_for_Perfetto_is_whole()
    {
        await AppendAsync(X86, BeginAt(4_000_010, 1), EndAt(4_000_095, 1, 85));
        using var client = await app.NewClientAsync(Role.Viewer);
        var trace = await PerfettoTrace.ReadAsync(await client.GetByteArrayAsync("/api/v1/trace/export?vm=x86&from=2026-11-22T10:00:04Z&to=2026-11-22T10:00:05Z", TestRun.Ended));
        Assert.Equal(5, trace.Events.Count);
    }

    [Theory]
    [InlineData("format=xml", 400, "format: \"xml\" is none of perfetto, csv, ndjson.")]
    [InlineData("vm=x86&limit=5", 400, "There is no filter limit; there are vm, events, filter, from, to, format.")]
    [InlineData("from=2026-11-23&to=2026-11-22", 400, "from: it is later than to.")]
    [InlineData("vm=none", 404, "There is no VM \"none\"; there is x86, arm.")]
    public async Task A_wrong_question_is_told_with_what_is_allowed(string query, int status, string detail)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/trace/export?{query}", TestRun.Ended));
        Assert.Equal((status, detail), (problem.Status, problem.Detail));
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_a_problem_and_no_file()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        using var client = await own.NewClientAsync(Role.Viewer);
        await own.Get<RingWriter>().Database.WriteAsync("DROP TABLE trace_segments", new { }, TestRun.Ended);
        using var answer = await client.GetAsync("/api/v1/trace/export?vm=x86&format=csv", TestRun.Ended);
        Assert.Equal(500, (await ProblemJson.ReadAsync(answer)).Status);
        Assert.Null(answer.Content.Headers.ContentDisposition);
    }

    [Fact]
    public async Task What_fails_later_breaks_the_download_off()
    {
        await using var own = new TestApp();
        await own.InitializeAsync();
        var (ring, store) = (own.Get<RingWriter>(), own.Get<TraceStore>());
        await StoredTrace.AppendAsync(ring, store, X86, At(1, TraceEventType.Untyped("first"), ["x"]));
        await StoredTrace.AppendAsync(ring, store, X86, At(2, TraceEventType.Untyped("second"), ["x"]));
        await ring.Database.WriteAsync("UPDATE trace_segments SET data = x'00' WHERE first_seq = 2", new { }, TestRun.Ended);
        using var client = await own.NewClientAsync(Role.Viewer);
        using var answer = await client.GetAsync("/api/v1/trace/export?vm=x86&format=csv", HttpCompletionOption.ResponseHeadersRead, TestRun.Ended);
        Assert.Equal(200, (int)answer.StatusCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync(TestRun.Ended));
    }

    /// <summary>What is written and what is described are the same members.</summary>
    private void AssertDescribed(string line)
    {
        var described = JsonSerializer.Deserialize<TracePageContract>($$"""{"items":[{{line}}],"cursor":null}""", app.Get<IOptions<JsonOptions>>().Value.SerializerOptions)!.Items.Single();
        Assert.Equal(JsonNode.Parse(line)!["seq"]!.GetValue<long>(), described.Seq);
        Assert.Equal(typeof(TracedContract).GetProperties().Length, JsonNode.Parse(line)!.AsObject().Count);
    }

    private async Task AppendAsync(VmName vm, params TraceEvent[] events) => await StoredTrace.AppendAsync(app.Get<RingWriter>(), app.Get<TraceStore>(), vm, events);
}
