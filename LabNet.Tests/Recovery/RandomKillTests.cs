using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Recovery;

/// <summary>QEMU is killed at any moment, under load, again and again: each time the guest comes back as it was at the snapshot, no older and no newer.</summary>
[Trait("suite", "qemu")]
public sealed class RandomKillTests
{
    private const int RoundsASnapshot = 3;

    /// <summary>Writes to the disk for all it can, and counts there and in memory.</summary>
    private const string Load = """
        (while :; do dd if=/dev/urandom of=/root/load bs=64k count=64 conv=fsync; done) &
        n=$(cat /root/count); while :; do n=$((n+1)); echo $n > /root/count; echo $n > /dev/shm/count; sync /root/count; done
        """;

    [LongFormFact(280_000)]
    public async Task A_QEMU_that_is_killed_under_load_comes_back_as_it_was()
    {
        var random = Seed.Print(out var seed);
        await using var lab = await CrashLab.StartAsync("x86_64");
        Snapshot? last = null;
        var (counted, answered) = (0, new List<double>());
        for (var round = 0; round < LongForm.Rounds(5, longForm: 100); round++)
        {
            if (round % RoundsASnapshot == 0)
            {
                counted += 1000;
                await lab.CountAsync(counted);
                var taken = await lab.TakeAsync($"at {counted}");
                if (last is not null)
                {
                    await lab.DeleteAsync(last);
                }

                last = taken;
            }

            // Setting it anew spares the waiting; that has its own tests.
            await lab.SetAsync("restore-last");
            await lab.BeginInGuestAsync(Load);
            var until = counted + random.Next(1, 40);
            while (!int.TryParse(await lab.InGuestAsync("cat /dev/shm/count"), out var counting) || counting < until)
            {
                // A file that is written anew is empty for a moment.
            }

            lab.Kill();
            var incident = await lab.NextIncidentAsync();
            Assert.True(incident is { Outcome: IncidentOutcome.Recovered }, $"round {round} of seed {seed}: {incident}");
            Assert.True(counted == await lab.ReadCountAsync(), $"round {round} of seed {seed}: not as at the snapshot");
            answered.Add(incident.Times.Answers!.Value);
        }

        answered.Sort();
        TestContext.Current.SendDiagnosticMessage($"{answered.Count} kills, seed {seed}: the guest answered after {answered[answered.Count / 2]:0} ms, {answered[^1]:0} ms at most.");
    }
}
