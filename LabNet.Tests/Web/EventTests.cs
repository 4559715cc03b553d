using System.Net.Http.Json;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Vms;
using LabNet.Web.Api;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class EventTests(TestApp app) : IClassFixture<TestApp>
{
    private static readonly FeedSource X86 = new("x86");

    [Fact]
    public async Task What_has_just_happened_is_in_the_answer_with_all_that_is_known_of_it()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var published = app.Get<LiveFeed>().Publish(X86, new EventTold(new EventNote(
            EventKind.Qmp, "RESET", "The guest reset the machine.", TimeNs: 1_800_000_000_000_000_000, """{"guest":true}""")));
        var one = Assert.Single((await ReadAsync(client, "vm=x86&kind=qmp&text=guest%20RESET")).Items);
        Assert.Equal(
            (new DateTimeOffset(2027, 1, 15, 8, 0, 0, TimeSpan.Zero), published.Sequence, "x86", "qmp", "RESET", "The guest reset the machine."),
            (one.Time, one.Seq, one.Vm, one.Kind, one.Name, one.Text));
        Assert.True(one.Data!.Value.GetProperty("guest").GetBoolean());
        Assert.Empty((await ReadAsync(client, "vm=arm&kind=qmp")).Items);
        Assert.Empty((await ReadAsync(client, "vm=x86&kind=qmp&to=2027-01-15T08:00:00Z")).Items);
    }

    [Fact]
    public async Task Pages_join()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        for (var number = 0; number < 25; number++)
        {
            app.Get<LiveFeed>().Publish(X86, new EventTold(new EventNote(EventKind.Job, "JOB_STATUS_CHANGE", $"Job {number}.")));
        }

        var texts = new List<string>();
        string? cursor = null;
        do
        {
            var page = await ReadAsync(client, $"vm=x86&kind=job&limit=10{(cursor is null ? "" : $"&cursor={cursor}")}");
            texts.AddRange(page.Items.Select(item => item.Text));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(number => $"Job {number}."), texts);
    }

    [Fact]
    public async Task Who_asked_for_what_is_in_the_history_without_what_with()
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        await app.Get<AuditLog>().WriteAsync(new Actor("eve", Role.Viewer, "api"), "guest-exec", vm: null, "sh -c secret", "forbidden", TestRun.Ended);
        var mark = Assert.Single((await ReadAsync(client, "vm=(lab)&kind=action&text=eve")).Items);
        Assert.Equal((null, "guest-exec", "eve (viewer) asked by api for guest-exec: forbidden."), (mark.Vm, mark.Name, mark.Text));
    }

    [Theory]
    [InlineData("kind=qmp,jobs", "kind: there is no jobs; there are qmp, job, connection, process, guest, device, snapshot, incident, fault, chaos, traffic, action, operation, link, capture, gap, clock, storage.")]
    [InlineData("vm=%2Fetc", "vm: \"/etc\" is no name that a VM can have; (lab) is for what concerns none.")]
    [InlineData("kinds=qmp", "There is no filter kinds; there are limit, cursor, vm, kind, text, from, to.")]
    [InlineData("limit=0", "limit: \"0\" is no number from 1 to 1000.")]
    [InlineData("cursor=1", "cursor: this is none that a page before gave.")]
    public async Task A_wrong_filter_is_told_with_what_is_allowed(string filter, string detail)
    {
        using var client = await app.NewClientAsync(Role.Viewer);
        var problem = await ProblemJson.ReadAsync(await client.GetAsync($"/api/v1/events?{filter}", TestRun.Ended));
        Assert.Equal((400, detail), (problem.Status, problem.Detail));
    }

    private static async Task<EventPageContract> ReadAsync(HttpClient client, string filter) =>
        (await client.GetFromJsonAsync<EventPageContract>($"/api/v1/events?{filter}", TestRun.Ended))!;
}
