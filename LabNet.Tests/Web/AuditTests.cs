using System.Net.Http.Json;
using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class AuditTests(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task The_audit_log_is_read_newest_first_page_by_page_while_it_grows()
    {
        using var client = await app.NewClientAsync(Role.Admin);
        var bob = new Actor("bob", Role.Operator, "dashboard");
        for (var i = 0; i < 7; i++)
        {
            await app.Get<AuditLog>().WriteAsync(bob, "pause", VmName.Parse("x86"), $"no. {i}", "accepted", TestRun.Ended);
        }

        List<string?> details = [];
        for (string? cursor = null, address = "actor=bob&limit=3"; address is not null; address = cursor is null ? null : $"actor=bob&limit=3&cursor={cursor}")
        {
            var page = await ReadAsync(client, address);
            Assert.InRange(page.Items.Count, 1, 3);
            details.AddRange(page.Items.Select(line => line.Detail));
            cursor = page.Cursor;
            await app.Get<AuditLog>().WriteAsync(bob, "resume", VmName.Parse("x86"), "later", "accepted", TestRun.Ended);
        }

        Assert.Equal([.. Enumerable.Range(0, 7).Reverse().Select(i => $"no. {i}")], details);
    }

    [Fact]
    public async Task Lines_are_chosen_by_VM_actor_action_and_time()
    {
        using var client = await app.NewClientAsync(Role.Admin);
        var eve = new Actor("eve", Role.Viewer, "api");
        await app.Get<AuditLog>().WriteAsync(eve, "stop", VmName.Parse("arm"), detail: null, "forbidden", TestRun.Ended);
        var line = Assert.Single((await ReadAsync(client, "vm=arm&actor=eve&action=stop&from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:01Z")).Items);
        Assert.Equal(
            new AuditLineContract(new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero), "eve", "viewer", "api", "stop", "arm", null, "forbidden"), line);
        Assert.Empty((await ReadAsync(client, "actor=eve&vm=x86")).Items);
        Assert.Empty((await ReadAsync(client, "actor=eve&to=2026-11-22T10:00:00Z")).Items);
        Assert.Empty((await ReadAsync(client, "actor=eve&from=2026-11-22T10:00:01Z")).Items);
        Assert.Empty((await ReadAsync(client, "actor=eve'%20OR%20'1'='1")).Items);
    }

    [Theory]
    [InlineData("limit=0", "limit: \"0\" is no number from 1 to 1000.")]
    [InlineData("limit=1001", "limit: \"1001\" is no number from 1 to 1000.")]
    [InlineData("limit=many", "limit: \"many\" is no number from 1 to 1000.")]
    [InlineData("cursor=x", "cursor: this is none that a page before gave.")]
    [InlineData("from=yesterday", "from: \"yesterday\" is no time such as 2026-11-22T10:00:00Z, from 1970 to 2261.")]
    [InlineData("to=9999-01-01", "to: \"9999-01-01\" is no time such as 2026-11-22T10:00:00Z, from 1970 to 2261.")]
    [InlineData("from=2026-11-23&to=2026-11-22", "from: it is later than to.")]
    [InlineData("vms=x86", "There is no filter vms; there are limit, cursor, vm, actor, action, from, to.")]
    public async Task A_wrong_filter_is_told_with_what_is_allowed(string filter, string detail)
    {
        using var client = await app.NewClientAsync(Role.Admin);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/audit?{filter}", TestRun.Ended));
        Assert.Equal((400, detail), (problem.Status, problem.Detail));
    }

    [Fact]
    public void A_page_is_found_by_the_index_and_not_by_reading_all()
    {
        using var reader = app.Get<Database>().OpenReader();
        var plan = reader.Query(
            "EXPLAIN QUERY PLAN SELECT * FROM audit WHERE (time_ns, seq) < (5, 5) AND time_ns >= 1 AND time_ns < 9 ORDER BY time_ns DESC, seq DESC LIMIT 3")
            .Select(row => (string)row.detail);
        Assert.Contains("USING INDEX audit_by_time", Assert.Single(plan), StringComparison.Ordinal);
    }

    private static async Task<AuditPageContract> ReadAsync(HttpClient client, string filter) =>
        (await client.GetFromJsonAsync<AuditPageContract>($"/api/v1/audit?{filter}", TestRun.Ended))!;
}
