using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Snapshots;

/// <summary>Real QEMU, real guests: what was saved comes back, and the tree tells where it came from.</summary>
[Trait("suite", "qemu")]
public sealed class SnapshotsQemuTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_machine_is_saved_and_brought_back_across_branches_with_its_shares_and_its_clock(string architecture)
    {
        await using var lab = await StartAsync(architecture);
        var snapshots = lab.Snapshots.Of(lab.Vm("box").State.Name);

        await WriteAsync(lab, "one");
        var one = await TakeAsync(lab, "first \"state\" / 🙂");
        Assert.Equal(("first-state", (SnapshotId?)null), (one.Tag, one.Parent));
        await WriteAsync(lab, "two");
        var two = await TakeAsync(lab, "second");
        Assert.Equal(one.Id, two.Parent);
        await WriteAsync(lab, "three");

        await RestoreAsync(lab, one, snapshotFirst: false);
        Assert.Equal("one", await ReadAsync(lab));
        Assert.Equal(one.Id, snapshots.Tree.Head);
        await WriteAsync(lab, "branch");
        var branch = await TakeAsync(lab, "branch");
        Assert.Equal(one.Id, branch.Parent);

        await RestoreAsync(lab, two, snapshotFirst: true);
        Assert.Equal("two", await ReadAsync(lab));
        Assert.Equal(["first \"state\" / 🙂", "second", "branch", "before second"], snapshots.Tree.There.Select(snapshot => snapshot.Name));
        Assert.Equal(branch.Id, snapshots.Tree.Snapshots.Single(snapshot => snapshot.Name == "before second").Parent);

        var clock = long.Parse(await InGuestAsync(lab, "date", ["+%s"]));
        Assert.InRange(clock, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 5, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 5);
        Assert.Contains("/mnt 9p", await InGuestAsync(lab, "cat", ["/proc/mounts"]));
        Assert.Equal(GuestDebt.None, snapshots.Tree.Debt);
    }

    private static async Task<LabOnThisMachine> StartAsync(string architecture)
    {
        var lab = LabOnThisMachine.Open($$"""
            name: snapshots
            hosts:
              here: { kind: namespace, address: 10.99.7.1 }
            vms:
              box: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian, share: workspace }
            """);
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("box", VmAction.Start)).State);
        await lab.UntilAsync("box", state => state.Agent is GuestAgentState.Answering);
        return lab;
    }

    private static async Task<Snapshot> TakeAsync(LabOnThisMachine lab, string name)
    {
        var snapshots = lab.Snapshots.Of(lab.Vm("box").State.Name);
        var ended = await lab.EndAsync(await snapshots.BeginTakeAsync(name, "", LabOnThisMachine.Tester, Cancellation));
        Assert.True(ended.State == OperationState.Succeeded, ended.Error);
        return snapshots.Tree.There.Single(snapshot => snapshot.Name == name);
    }

    private static async Task RestoreAsync(LabOnThisMachine lab, Snapshot snapshot, bool snapshotFirst)
    {
        var ended = await lab.EndAsync(await lab.Snapshots.Of(lab.Vm("box").State.Name).BeginRestoreAsync(snapshot, snapshotFirst, LabOnThisMachine.Tester, Cancellation));
        Assert.True(ended.State == OperationState.Succeeded, ended.Error);
    }

    private static Task WriteAsync(LabOnThisMachine lab, string word) =>
        InGuestAsync(lab, "/bin/sh", ["-c", $"printf {word} > /root/word; sync; printf {word} > /dev/shm/word"]);

    /// <summary>What the disk and the memory say, which is the same.</summary>
    private static async Task<string> ReadAsync(LabOnThisMachine lab)
    {
        var disk = await InGuestAsync(lab, "cat", ["/root/word"]);
        Assert.Equal(disk, await InGuestAsync(lab, "cat", ["/dev/shm/word"]));
        return disk;
    }

    private static async Task<string> InGuestAsync(LabOnThisMachine lab, string path, string[] arguments)
    {
        var result = await lab.Vm("box").ExecAsync(new GuestProgram(path, arguments), LabOnThisMachine.Tester, Cancellation);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Stderr.Span));
        return Encoding.UTF8.GetString(result.Stdout.Span);
    }
}
