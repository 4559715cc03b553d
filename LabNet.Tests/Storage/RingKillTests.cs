using LabNet.Core.Feed;
using LabNet.Tests.History;

namespace LabNet.Tests.Storage;

/// <summary>kill -9 at random moments, again and again, of a LabNet that writes one ring.db at full speed.</summary>
[Trait("suite", "fake")]
public sealed class RingKillTests : IDisposable
{
    private const int Hang = 60_000;

    /// <summary>A multiple of a day.</summary>
    private const long BeginNs = 20_000L * 86_400_000_000_000;

    private readonly TestFolder _folder = new();

    private string RingDb => _folder.File("ring.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [LongFormFact(Hang)]
    public async Task After_a_kill_at_any_moment_all_is_there_but_the_last_of_it_which_shows_as_a_gap()
    {
        var random = Seed.Print();
        var kills = LongForm.Rounds(shortForm: 16, longForm: 500);
        var remains = new RingRemains();
        var lastLines = new Dictionary<string, int>();
        var begin = BeginNs;

        // The file is there: of one that is killed while it makes its first database, an empty file is left.
        await RingLoad.OpenStores(RingDb, TimeProvider.System).Ring.DisposeAsync();
        for (var run = 0; run < kills; run++)
        {
            // Some while they open the database or tell their first gap.
            var lines = random.Next(6) == 0 ? random.Next(1, 6) : random.Next(1, 400);
            var killed = await RingLoadRun.KillAsync(RingDb, new RingLoadPlan(run, begin), lines, Cancellation);
            begin = killed.EndNs;
            var said = killed.LastLine.Split(' ')[0];
            lastLines[said] = lastLines.GetValueOrDefault(said) + 1;

            // Half of the time the next one finds the database as the kill left it, and not as who looked at it closed it.
            await remains.CheckAsync(random.Next(2) == 0 ? RingDb : Copy(), killed, allDays: run == kills - 1 || run % 50 == 49);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kills} kills; last said: {string.Join(", ", lastLines.Select(one => $"{one.Key} {one.Value}"))}; {remains.EventsLost} events published and not written");
        await CheckNextAsync();
    }

    /// <summary>The LabNet after the last kill tells it, and ends in order, which the next one tells too.</summary>
    private async Task CheckNextAsync()
    {
        foreach (var gap in (string[])["labnet-killed", "labnet-down"])
        {
            await using var history = new RecordedHistory(_folder.Path, TimeProvider.System);
            history.Open();
            Assert.Contains(await history.ReadAsync(), e => e is { Kind: EventKind.Gap } && e.Name == gap);
        }
    }

    private string Copy()
    {
        var folder = Directory.CreateDirectory(_folder.File("copy")).FullName;
        foreach (var file in Directory.GetFiles(folder))
        {
            File.Delete(file);
        }

        // Without the -shm, which is made anew by who opens it alone.
        foreach (var file in (string[])[RingDb, RingDb + "-wal"])
        {
            if (File.Exists(file))
            {
                File.Copy(file, Path.Join(folder, Path.GetFileName(file)));
            }
        }

        return Path.Join(folder, "ring.db");
    }
}
