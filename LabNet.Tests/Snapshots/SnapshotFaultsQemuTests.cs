using LabNet.Core.Devices;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using LabNet.Tests.Web;

namespace LabNet.Tests.Snapshots;

/// <summary>Real QEMU: what goes wrong is told, leaves the machine as it was, and the tree true.</summary>
[Trait("suite", "qemu")]
public sealed class SnapshotFaultsQemuTests
{
    private const long Size = 16 * 1024 * 1024;
    private static readonly HotPlug HotPlug = new(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_cannot_be_saved_is_told_and_nothing_is_touched()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        await lab.DoneAsync(await HotPlug.BeginPlugAsync(lab.Vm, new PlugRequest(PlugKind.Nvme, "d1", Size), LabOnThisMachine.Tester, Cancellation));
        Assert.Contains("box has d1. Unplug it", (await Assert.ThrowsAsync<VmConflictException>(() => lab.BeginTakeAsync("a"))).Message, StringComparison.Ordinal);
        await lab.DoneAsync((await HotPlug.BeginUnplugAsync(lab.Vm, "d1", force: false, deleteFile: true, LabOnThisMachine.Tester, Cancellation))!);

        using (var qmp = await UserQmp.ConnectAsync(lab.Vm.Paths.UserSocket))
        {
            await qmp.AskAsync("""{"execute": "blockdev-add", "arguments": {"driver": "blkdebug", "node-name": "dbg0", "image": "vda"}}""");
            await qmp.AskAsync("""{"execute": "qom-set", "arguments": {"path": "/machine/peripheral/vda", "property": "drive", "value": "dbg0"}}""");
            var faulty = await Assert.ThrowsAsync<VmConflictException>(() => lab.BeginTakeAsync("a"));
            Assert.Contains("A fault is in force on dbg0 of box", faulty.Message, StringComparison.Ordinal);
            await qmp.AskAsync("""{"execute": "qom-set", "arguments": {"path": "/machine/peripheral/vda", "property": "drive", "value": "vda"}}""");
            await qmp.AskAsync("""{"execute": "blockdev-del", "arguments": {"node-name": "dbg0"}}""");
        }

        await lab.InGuestAsync("cd /mnt; setsid sleep 1000 >/dev/null 2>&1 &");
        var busy = await lab.EndAsync(await lab.BeginTakeAsync("a"));
        Assert.Matches(@"The share at /mnt in the guest is in use by sleep \(process \d+\)", busy.Error);
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);
        await lab.InGuestAsync("pkill sleep");

        var first = await lab.BeginTakeAsync("a");
        Assert.Contains("“a” is being taken", (await Assert.ThrowsAsync<VmConflictException>(() => lab.BeginTakeAsync("b"))).Message, StringComparison.Ordinal);
        await lab.DoneAsync(first);
        Assert.Contains("“a” already", (await Assert.ThrowsAsync<VmConflictException>(() => lab.BeginTakeAsync("a"))).Message, StringComparison.Ordinal);
        Assert.Equal(["a"], lab.Tree.Snapshots.Select(one => one.Name));
        Assert.Null(lab.Tree.Step);
    }

    [Fact]
    public async Task A_paused_machine_is_saved_restored_and_stays_paused()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64", share: false);
        await lab.Lab.DoAsync("box", VmAction.Pause);
        var paused = await lab.TakeAsync("paused");
        Assert.Equal(RunState.Paused, lab.Vm.State.RunState);
        await lab.DoneAsync(await lab.BeginRestoreAsync(paused, snapshotFirst: false));
        Assert.Equal(RunState.Paused, lab.Vm.State.RunState);
        await lab.Lab.DoAsync("box", VmAction.Resume);
        Assert.Equal("lives\n", await lab.InGuestAsync("echo lives"));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_machine_with_other_devices_is_brought_back_with_those_that_it_had(string architecture)
    {
        await using var lab = await SnapshotLab.StartAsync(architecture);
        var bare = await lab.TakeAsync("bare");
        await lab.DoneAsync(await HotPlug.BeginPlugAsync(lab.Vm, new PlugRequest(PlugKind.VirtioBlk, "d1", Size), LabOnThisMachine.Tester, Cancellation));
        await lab.DoneAsync(await HotPlug.BeginPlugAsync(lab.Vm, new PlugRequest(PlugKind.VirtioScsi, "d2", Size), LabOnThisMachine.Tester, Cancellation));
        await lab.DoneAsync(await HotPlug.BeginPlugAsync(lab.Vm, new PlugRequest(PlugKind.VirtioNet, "n1"), LabOnThisMachine.Tester, Cancellation));
        await lab.InGuestAsync("echo kept > /dev/vdb");
        var full = await lab.TakeAsync("full");
        Assert.Equal(["vda", "d1", "d2"], full.Machine!.Disks);
        await lab.InGuestAsync("echo lost > /dev/vdb; sync");
        Assert.Contains("is plugged in now", lab.Snapshots.Differences(bare), StringComparison.Ordinal);

        await lab.DoneAsync(await lab.BeginRestoreAsync(bare, snapshotFirst: false));
        Assert.Empty(lab.Vm.State.Plugged);
        Assert.DoesNotContain("vdb", await lab.InGuestAsync("ls /dev"), StringComparison.Ordinal);

        await lab.DoneAsync(await lab.BeginRestoreAsync(full, snapshotFirst: true));
        Assert.Equal(["d1", "d2", "n1"], lab.Vm.State.Plugged.Select(device => device.Id));
        Assert.Equal("kept\n", await lab.InGuestAsync("head -n 1 /dev/vdb"));
        Assert.Contains("sda", await lab.InGuestAsync("ls /dev"), StringComparison.Ordinal);

        // What came back by the command line can be unplugged as what was plugged in can.
        await lab.DoneAsync((await HotPlug.BeginUnplugAsync(lab.Vm, "d1", force: false, deleteFile: true, LabOnThisMachine.Tester, Cancellation))!);
        Assert.Contains("its file", lab.Snapshots.WhyNotLoadable(full), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_that_fails_leaves_the_machine_where_it_was()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        await lab.DoneAsync(await HotPlug.BeginPlugAsync(lab.Vm, new PlugRequest(PlugKind.VirtioNet, "n1"), LabOnThisMachine.Tester, Cancellation));

        // Somebody else's: of it LabNet does not know that it has a NIC more.
        await lab.InGuestAsync("umount /mnt");
        await lab.SaveElsewhereAsync("others");
        await lab.DoneAsync((await HotPlug.BeginUnplugAsync(lab.Vm, "n1", force: false, deleteFile: false, LabOnThisMachine.Tester, Cancellation))!);
        await lab.InGuestAsync("mount -t 9p -o trans=virtio workspace-shared /mnt; echo now > /dev/shm/word");
        var others = (await lab.Snapshots.ReadAsync(Cancellation)).There.Single();
        Assert.Equal((SnapshotOrigin.External, "others"), (others.Origin, others.Name));

        var failed = await lab.EndAsync(await lab.BeginRestoreAsync(others, snapshotFirst: true));
        Assert.Equal(OperationState.Failed, failed.State);
        Assert.Contains("is where it was before", failed.Error, StringComparison.Ordinal);
        Assert.Equal(RunState.Running, lab.Vm.State.RunState);
        Assert.Equal("now\n", await lab.InGuestAsync("cat /dev/shm/word"));
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);
        Assert.Equal("before others", lab.Tree.Find(lab.Tree.Head!.Value)!.Name);
        Assert.Null(lab.Tree.Step);
    }

    [Fact]
    public async Task What_others_do_is_seen_and_the_tree_outlives_LabNet_the_machine_and_the_database()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        var one = await lab.TakeAsync("one");
        var two = await lab.TakeAsync("two");
        await lab.TakeAsync("three");
        await lab.DeleteElsewhereAsync("two");
        var tree = await lab.Snapshots.ReadAsync(Cancellation);
        Assert.Equal(SnapshotStanding.Gone, tree.Find(two.Id)!.Standing);
        Assert.Equal(one.Id, tree.ParentThereOf(tree.Snapshots[^1])!.Id);

        await lab.Lab.DoAsync("box", VmAction.Kill);
        await lab.Lab.CloseLabNetAsync();
        foreach (var file in Directory.GetFiles(lab.Lab.Folder, "lab.db*"))
        {
            File.Delete(file);
        }

        await lab.Lab.ReplaceLabNetAsync();
        Assert.Equal(["one", "two", "three"], lab.Tree.Snapshots.Select(snapshot => snapshot.Name));
        Assert.Equal("three", lab.Tree.Find(lab.Tree.Head!.Value)!.Name);

        // Restoring a machine that is off starts it; deleting works while it is off too.
        await lab.DoneAsync(await lab.Snapshots.BeginDeleteAsync(lab.Tree.Snapshots[^1], LabOnThisMachine.Tester, Cancellation));
        await lab.DoneAsync(await lab.BeginRestoreAsync(lab.Tree.Find(one.Id)!, snapshotFirst: true));
        Assert.Equal("lives\n", await lab.InGuestAsync("echo lives"));
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);
        Assert.Equal(["one"], (await lab.Snapshots.ReadAsync(Cancellation)).Snapshots.Select(snapshot => snapshot.Name));
    }

    [Fact]
    public async Task Shares_are_mounted_only_after_what_a_LabNet_before_had_begun_is_over_however_many_programs_come_and_go_meanwhile()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        await lab.InGuestAsync("""
            (while [ ! -e /run/over ]; do /bin/true; done) >/dev/null 2>&1 &
            printf 'sleep 3; touch /run/over' | /bin/sh -s labnet-unmount >/dev/null 2>&1 &
            """);
        await GuestShares.MountAsync(lab.Vm, now: null, Cancellation);
        Assert.Equal("/run/over\n", await lab.InGuestAsync("ls /run/over"));
    }

    [Fact]
    public async Task A_load_that_nobody_waited_for_moves_the_head_and_gives_the_guest_its_shares()
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        var anchor = await lab.TakeAsync("anchor");
        await lab.TakeAsync("later");
        await lab.LoadUnseenAsync(anchor);
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);

        // The job that was left is not in the way of the next one.
        await lab.DoneAsync(await lab.BeginRestoreAsync(anchor, snapshotFirst: false));
        Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill QEMU")]
    [InlineData("lose LabNet")]
    public async Task Whatever_ends_in_the_middle_the_tree_tells_the_truth_and_the_disk_is_sound(string what)
    {
        await using var lab = await SnapshotLab.StartAsync("x86_64");
        var random = Seed.Print(out var seed);
        var anchor = await lab.TakeAsync("anchor");
        for (var round = 0; round < LongForm.Rounds(4, longForm: 40); round++)
        {
            var saving = random.Next(2) == 0;
            var begun = saving ? await lab.BeginTakeAsync($"round {round}") : await lab.BeginRestoreAsync(lab.Tree.Find(anchor.Id)!, snapshotFirst: false);
            await lab.WaitForRecordsAsync(random.Next(16), begun);
            if (what == "kill QEMU")
            {
                await lab.Lab.DoAsync("box", VmAction.Kill);
                await lab.EndAsync(begun);
            }
            else
            {
                await lab.Lab.ReplaceLabNetAsync();
            }

            await lab.SettleAsync();
            var tree = await lab.Snapshots.ReadAsync(Cancellation);
            Assert.True(tree.Step is null, $"seed {seed}, round {round}: {tree.Step}");
            Assert.Equal(await lab.ReadHeldAsync(), tree.There.Select(one => one.Tag).Order(StringComparer.Ordinal));
            if (what == "kill QEMU")
            {
                await lab.CheckDiskAsync($"seed {seed}, round {round}");
                await lab.DoneAsync(await lab.BeginRestoreAsync(tree.There.Last(), snapshotFirst: false));
            }

            Assert.Equal("lives\n", await lab.InGuestAsync("echo lives"));
            Assert.Contains("/mnt 9p", await lab.InGuestAsync("cat /proc/mounts"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_full_disk_fails_the_save_and_the_snapshots_before_stay_sound()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A file system of its own needs root: run the tests as root.");
        await using var lab = await SnapshotLab.StartAsync("x86_64", diskMegabytes: 320);
        var kept = await lab.TakeAsync("kept");
        lab.FillUpTo(freeBytes: 10 << 20);
        var failed = await lab.EndAsync(await lab.BeginTakeAsync("too much"));
        Assert.Equal(OperationState.Failed, failed.State);
        Assert.Matches("MB free where its disk lies", failed.Error);
        Assert.Equal(["kept"], (await lab.Snapshots.ReadAsync(Cancellation)).Snapshots.Select(one => one.Name));

        // A guest that wrote while there was no room stands still until somebody lets it go on.
        lab.FreeAll();
        if ((await lab.Vm.ReadAsync(RunStateCommands.QueryStatus, Cancellation)).Status == RunState.IoError)
        {
            await lab.Lab.DoAsync("box", VmAction.Resume);
        }

        await lab.SettleAsync();
        Assert.Equal("lives\n", await lab.InGuestAsync("echo lives"));
        await lab.DoneAsync(await lab.BeginRestoreAsync(kept, snapshotFirst: false));
        Assert.Equal("lives\n", await lab.InGuestAsync("echo lives"));
        await lab.Lab.DoAsync("box", VmAction.Kill);
        await lab.CheckDiskAsync("after the disk was full");
    }
}
