using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

/// <summary>Real QEMU, real guests: what was saved comes back, and the tree tells where it came from.</summary>
[Trait("suite", "qemu")]
public sealed class SnapshotsQemuTests
{
    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_machine_is_saved_and_brought_back_across_branches_with_its_shares_and_its_clock(string architecture)
    {
        await using var lab = await SnapshotLab.StartAsync(architecture);

        await WriteAsync(lab, "one");
        var one = await lab.TakeAsync("first \"state\" / 🙂");
        Assert.Equal(("first-state", (SnapshotId?)null), (one.Tag, one.Parent));
        await WriteAsync(lab, "two");
        var two = await lab.TakeAsync("second");
        Assert.Equal(one.Id, two.Parent);
        await WriteAsync(lab, "three");
        await CompareAsync(lab, one, two);

        await lab.DoneAsync(await lab.BeginRestoreAsync(one, snapshotFirst: false));
        Assert.Equal("one", await ReadAsync(lab));
        Assert.Equal(one.Id, lab.Tree.Head);
        await WriteAsync(lab, "branch");
        var branch = await lab.TakeAsync("branch");
        Assert.Equal(one.Id, branch.Parent);

        await lab.DoneAsync(await lab.BeginRestoreAsync(two, snapshotFirst: true));
        Assert.Equal("two", await ReadAsync(lab));
        Assert.Equal(["first \"state\" / 🙂", "second", "branch", "before second"], lab.Tree.There.Select(snapshot => snapshot.Name));
        Assert.Equal(branch.Id, lab.Tree.Snapshots.Single(snapshot => snapshot.Name == "before second").Parent);

        var clock = long.Parse(await lab.InGuestAsync("date +%s"));
        Assert.InRange(clock, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 5, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 5);
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"));
        Assert.Equal(GuestDebt.None, lab.Tree.Debt);
    }

    private static async Task CompareAsync(SnapshotLab lab, Snapshot one, Snapshot two)
    {
        var changed = await lab.Snapshots.CompareAsync(one, two, withState: true, TestContext.Current.CancellationToken);
        Assert.True(changed.Machine is { AreNone: true }, changed.MachineProblem ?? SnapshotDifferencesText.Of(changed));
        var disk = Assert.Single(changed.Disks);
        Assert.True(disk is { Node: "vda", IsExact: true, Clusters.Clusters: > 0 and < 1000 }, disk.ToString());
        Assert.True(disk.Files is not null, disk.FilesProblem);
        Assert.Contains(disk.Files.Files, file => file is { Path: "/root/word", Bytes: > 0 });
        Assert.True(changed.State is not null, changed.StateProblem);
        Assert.Contains(changed.State.Changes, change => change is { Section: "cpu/0", Register: not null });
        Assert.Contains(changed.State.Memory, block => block.Block.EndsWith("ram", StringComparison.Ordinal) && block.ChangedBytes > 0);

        var same = await lab.Snapshots.CompareAsync(two, two, withState: true, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0, 0), (same.Disks[0].Clusters!.Clusters, same.State!.Changes.Count, same.State.Memory.Count));
        Assert.DoesNotContain('~', SnapshotDifferencesText.Of(same));

        var now = await lab.Snapshots.CompareStandingStillAsync(two, LabNet.Tests.Vms.LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        Assert.True(now.Disks[0] is { IsExact: true, Clusters.Clusters: > 0 }, now.Disks[0].ToString());
        Assert.Equal(LabNet.Core.Qmp.RunState.Running, lab.Vm.State.RunState);
    }

    private static Task<string> WriteAsync(SnapshotLab lab, string word) => lab.InGuestAsync($"printf {word} > /root/word; sync; printf {word} > /dev/shm/word");

    /// <summary>What the disk and the memory say, which is the same.</summary>
    private static async Task<string> ReadAsync(SnapshotLab lab)
    {
        var disk = await lab.InGuestAsync("cat /root/word");
        Assert.Equal(disk, await lab.InGuestAsync("cat /dev/shm/word"));
        return disk;
    }
}
