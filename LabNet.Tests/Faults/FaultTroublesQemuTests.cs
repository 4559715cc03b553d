using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Faults;

/// <summary>Real QEMU: what happens to a machine, and to LabNet, while faults are in force.</summary>
[Trait("suite", "qemu")]
public sealed class FaultTroublesQemuTests
{
    private static readonly NicId Eth0 = new(0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Faults_outlive_LabNet_and_end_with_the_disk_the_machine_or_a_snapshot()
    {
        await using var lab = await FaultLab.StartAsync("x86_64");
        var before = await lab.ReadRemainsAsync();
        await SnapshotsAsync(lab, before);
        await ReplacedAsync(lab, before);
        await UnpluggedAsync(lab);
        await KilledAsync(lab);
    }

    private static async Task SnapshotsAsync(FaultLab lab, string before)
    {
        var snapshots = lab.Lab.Snapshots.Of(lab.Vm.State.Name);
        var link = await lab.InjectAsync(new LinkDownFault(Eth0), seconds: 600);
        var errors = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Read, BlockErrno.EIO, null, Once: false, null), seconds: 600);
        var refused = await Assert.ThrowsAsync<VmConflictException>(() => snapshots.BeginTakeAsync("a", "", LabOnThisMachine.Tester, Cancellation));
        Assert.Contains($"block errors on d1 (read, EIO) ({errors.Id}). Lift it first", refused.Message, StringComparison.Ordinal);

        var taking = await snapshots.BeginTakeAsync("a", "", liftFaults: true, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal(FaultEnd.SnapshotTaken, (await lab.UntilOverAsync(errors)).End);
        Assert.Contains("box is busy: Snapshot “a” is being taken", await lab.RefusedAsync(new PauseFault()), StringComparison.Ordinal);
        await lab.DoneAsync(taking);
        Assert.Equal(link.Id, Assert.Single(lab.Faults.InForce).Id);
        await lab.LiftAsync(link);
        Assert.Equal(before, await lab.ReadRemainsAsync());

        var pause = await lab.InjectAsync(new PauseFault(), seconds: 600);
        var one = snapshots.Tree.There.Single();
        await Assert.ThrowsAsync<VmConflictException>(() => snapshots.BeginRestoreAsync(one, snapshotFirst: false, LabOnThisMachine.Tester, Cancellation));
        await lab.DoneAsync(await snapshots.BeginRestoreAsync(one, snapshotFirst: false, liftFaults: true, LabOnThisMachine.Tester, Cancellation));
        Assert.Equal(FaultEnd.SnapshotTaken, (await lab.UntilOverAsync(pause)).End);
        await lab.DoneAsync(await snapshots.BeginDeleteAsync(one, LabOnThisMachine.Tester, Cancellation));
        await lab.UntilAsync(state => state.RunState == RunState.Running);
        Assert.Equal(before, await lab.ReadRemainsAsync());
    }

    private static async Task ReplacedAsync(FaultLab lab, string before)
    {
        var past = await lab.InjectAsync(new PauseFault(), seconds: 0.5);
        var on = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Write, BlockErrno.EIO, null, Once: false, 50), seconds: 600);
        var vcpu = await Assert.ThrowsAsync<VmConflictException>(() => lab.InjectAsync(new VcpuPauseFault(0), seconds: 1));
        Assert.Contains("the guest stands still", vcpu.Message, StringComparison.Ordinal);
        var planned = await lab.Faults.PlanAsync(new LinkDownFault(Eth0), TimeSpan.FromMinutes(1), DateTimeOffset.UtcNow.AddHours(1), run: null, LabOnThisMachine.Tester, Cancellation);
        var ofARun = await lab.Faults.PlanAsync(new LinkDownFault(Eth0), TimeSpan.FromMinutes(1), DateTimeOffset.UtcNow.AddHours(2), "a run", LabOnThisMachine.Tester, Cancellation);
        await lab.Lab.CloseLabNetAsync();
        while (DateTimeOffset.UtcNow < past.EndsAt)
        {
            await Task.Yield();
        }

        await lab.Lab.ReplaceLabNetAsync();
        var lifted = await lab.UntilOverAsync(past);
        Assert.Equal((FaultState.Lifted, FaultEnd.Time), (lifted.State, lifted.End));
        Assert.InRange(lifted.LiftedAt!.Value - past.EndsAt!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await lab.UntilAsync(state => state.RunState == RunState.Running && state.Agent is GuestAgentState.Answering);
        Assert.Equal(FaultEnd.Restarted, (await lab.UntilOverAsync(ofARun)).End);
        Assert.Equal([on.Id, planned.Id], lab.Faults.Open.Where(fault => fault.IsOpen).Select(fault => fault.Id));
        Assert.Equal(on.Id.Text, Assert.Single(lab.Vm.State.Faults).Id);

        // The one that went on is by now in the hands of a LabNet that did not begin it.
        Assert.Contains("error", await lab.InGuestAsync("for n in $(seq 40); do dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct; sleep 0.01; done"), StringComparison.Ordinal);
        await lab.UntilSeenAsync(on);
        await lab.LiftAsync(on);
        Assert.Equal(FaultEnd.Asked, (await lab.LiftAsync(planned)).End);

        // What LabNet cannot hold without being there goes on at once, when it ends in order.
        var held = await lab.InjectAsync(new VcpuPauseFault(1), seconds: 5);
        await lab.Lab.ReplaceLabNetAsync();
        Assert.Equal((FaultState.Lifted, FaultEnd.Restarted), ((await lab.UntilOverAsync(held)).State, (await lab.UntilOverAsync(held)).End));
        await lab.UntilAsync(state => state.RunState == RunState.Running && state.Agent is GuestAgentState.Answering);
        Assert.Equal(before, await lab.ReadRemainsAsync());
    }

    private static async Task UnpluggedAsync(FaultLab lab)
    {
        var errors = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Read, BlockErrno.EIO, null, Once: false, null), seconds: 600);
        var throttle = await lab.InjectAsync(new BlockThrottleFault("d1", 1000, null), seconds: 600);
        await lab.UnplugAsync();
        Assert.Equal((FaultState.Lifted, FaultEnd.VmGone), ((await lab.UntilOverAsync(errors)).State, (await lab.UntilOverAsync(errors)).End));
        Assert.Equal(FaultEnd.VmGone, (await lab.UntilOverAsync(throttle)).End);
        Assert.DoesNotContain("d1", await lab.ReadRemainsAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("labnet-f-", await lab.ReadRemainsAsync(), StringComparison.Ordinal);

        // Its name is free again.
        await lab.PlugAsync();
    }

    private static async Task KilledAsync(FaultLab lab)
    {
        var policy = RecoveryPolicy.Parse("restart", out _)!;
        await lab.Lab.Recovery.Of(lab.Vm.State.Name).SetAsync(policy, LabOnThisMachine.Tester, Cancellation);
        var pause = await lab.InjectAsync(new PauseFault(), seconds: 600);
        var errors = await lab.InjectAsync(new BlockErrorFault("vda", BlockOperation.Read, BlockErrno.EIO, 8_000, Once: false, null), seconds: 600);
        Assert.Empty(lab.Lab.Incidents.Read(lab.Vm.State.Name));

        // A fault that plays a crash is one for recovery.
        await lab.InjectAsync(new KillFault(), seconds: 0);
        Assert.Equal(FaultEnd.VmGone, (await lab.UntilOverAsync(pause)).End);
        Assert.Equal(FaultEnd.VmGone, (await lab.UntilOverAsync(errors)).End);
        var state = await lab.UntilAsync(state => state.Agent is GuestAgentState.Answering);
        Assert.Empty(state.Faults);
        Assert.Equal(CrashKind.QemuKilled, Assert.Single(lab.Lab.Incidents.Read(lab.Vm.State.Name)).Kind);
        Assert.DoesNotContain("labnet-f-", await lab.ReadRemainsAsync(), StringComparison.Ordinal);
    }
}
