using System.Net;
using LabNet.Core.History;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Tests.Storage;

namespace LabNet.Tests.Web;

/// <summary>What the user of LabNet sees when its databases cannot be used.</summary>
[Trait("suite", "fake")]
public sealed class StorageTroubleTests : IDisposable
{
    private const int Hang = 60_000;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Hang)]
    public async Task While_another_process_holds_lab_db_locked_changes_are_refused_in_words_and_reading_goes_on()
    {
        await using var app = await TestApp.StartAsync(_folder.Path);
        using var client = await app.NewClientAsync(Role.Admin);
        await using var holder = await LockHolder.StartAsync(Path.Join(app.StateFolder, "lab.db"), TestRun.Ended);

        var changes = new[] { "/api/v1/vms/x86/actions/start", "/api/v1/vms/x86/actions/stop", "/api/v1/vms/arm/actions/kill" };
        var answers = await Task.WhenAll(changes.Select(address => client.PostAsync(address, content: null, TestRun.Ended)));
        foreach (var answer in answers)
        {
            var problem = await ProblemJson.ReadAsync(answer);
            Assert.Equal((503, "/docs/errors#storage-unavailable"), (problem.Status, problem.Type));
            Assert.Contains("another process holds", problem.Detail, StringComparison.Ordinal);
        }

        foreach (var read in (string[])["/api/v1/vms", "/api/v1/audit", "/api/v1/events", "/api/v1/storage", "/api/v1/tokens"])
        {
            using var answer = await client.GetAsync(read, TestRun.Ended);
            Assert.Equal((read, HttpStatusCode.OK), (read, answer.StatusCode));
        }

        using var browser = app.NewClient();
        using var login = await TestApp.PostLoginAsync(browser, (await app.TokenAsync(Role.Admin)).Secret.Reveal());
        Assert.Equal("/login?error=nodatabase", login.Headers.Location?.OriginalString);

        await holder.LetGoAsync();
        var refused = await ProblemJson.ReadAsync(await client.PostAsync("/api/v1/vms/x86/actions/stop", content: null, TestRun.Ended));
        Assert.Equal((409, "x86 is not running. Start it first."), (refused.Status, refused.Detail));
    }

    [Fact(Timeout = Hang)]
    public async Task A_start_with_both_databases_damaged_begins_new_ones_says_so_and_makes_a_new_admin_token()
    {
        string before;
        await using (var app = await TestApp.StartAsync(_folder.Path))
        {
            before = await File.ReadAllTextAsync(Path.Join(app.StateFolder, "admin-token"), TestRun.Ended);
        }

        var letter = Enumerable.Repeat((byte)'x', 5000).ToArray();
        var state = _folder.File("state");
        foreach (var name in (string[])["lab.db", "ring.db"])
        {
            File.WriteAllBytes(Path.Join(state, name), letter);
        }

        await using var again = await TestApp.StartAsync(_folder.Path);
        Assert.NotEqual(before, await File.ReadAllTextAsync(Path.Join(state, "admin-token"), TestRun.Ended));
        foreach (var name in (string[])["lab.db", "ring.db"])
        {
            var aside = Assert.Single(Directory.GetFiles(state, $"{name}.damaged-*"));
            Assert.Equal(letter, File.ReadAllBytes(aside));
            Assert.Contains(again.Log.Lines, line => line.Contains(aside, StringComparison.Ordinal));
        }

        await again.Get<EventRecorder>().CatchUpAsync(TestRun.Ended);
        Assert.Contains(again.Get<EventStore>().Read(new EventQuery(100)), e => e.Name == "damaged");
    }

    [Fact(Timeout = Hang)]
    public async Task Lab_db_that_is_damaged_while_it_is_used_is_told_and_the_next_start_begins_a_new_one()
    {
        await using (var app = await TestApp.StartAsync(_folder.Path))
        {
            using var client = await app.NewClientAsync(Role.Admin);
            await client.GetStringAsync("/api/v1/vms", TestRun.Ended);
            var path = Path.Join(app.StateFolder, "lab.db");
            Checkpoint(app.Get<Database>());
            var file = File.ReadAllBytes(path);
            Array.Fill(file, (byte)0xa5, 4096, file.Length - 4096);
            File.WriteAllBytes(path, file);

            var problem = await ProblemJson.ReadAsync(await client.GetAsync("/api/v1/audit", TestRun.Ended));
            Assert.Equal((503, "/docs/errors#storage-unavailable"), (problem.Status, problem.Type));
            Assert.Contains("damaged", problem.Detail, StringComparison.Ordinal);
        }

        await using var again = await TestApp.StartAsync(_folder.Path);
        Assert.Single(Directory.GetFiles(again.StateFolder, "lab.db.damaged-*"), path => Path.GetExtension(path)[^1] == 'Z');
    }

    private static void Checkpoint(Database database)
    {
        using var reader = database.OpenReader();
        using var command = reader.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteNonQuery();
    }
}
