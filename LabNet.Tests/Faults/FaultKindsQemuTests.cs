using System.Diagnostics;
using System.Text.RegularExpressions;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Tests.Faults;

/// <summary>Real QEMU: each kind of fault is in force, is seen, excludes another of its like, and leaves nothing behind.</summary>
[Trait("suite", "qemu")]
public sealed class FaultKindsQemuTests
{
    private static readonly NicId Eth0 = new(0);

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Each_kind_is_in_force_is_seen_and_leaves_nothing_behind(string architecture)
    {
        await using var lab = await FaultLab.StartAsync(architecture);
        var before = await lab.ReadRemainsAsync();

        await RunStatesAsync(lab, before);
        await DisksAsync(lab, before);
        await LinksAsync(lab, before);
        await BalloonAsync(lab, before);
        if (architecture == "x86_64")
        {
            var nmi = await lab.InjectAsync(new NmiFault(), seconds: 0);
            Assert.Equal((FaultState.Lifted, true), (nmi.State, nmi.EffectSeen));
        }
        else
        {
            Assert.Contains("no non-maskable interrupt", await lab.RefusedAsync(new NmiFault(), seconds: 0), StringComparison.Ordinal);
        }

        Assert.Equal(before, await lab.ReadRemainsAsync());
        var reset = await lab.InjectAsync(new ResetFault(), seconds: 0);
        Assert.Equal((FaultState.Lifted, true, FaultEnd.Time), (reset.State, reset.EffectSeen, reset.End));

        var pause = await lab.InjectAsync(new PauseFault(), seconds: 600);
        var kill = await lab.InjectAsync(new KillFault(), seconds: 0);
        Assert.Equal((FaultState.Lifted, true), (kill.State, kill.EffectSeen));
        var exited = await lab.UntilAsync(state => state.Process is VmProcessState.Exited);
        Assert.False(((VmProcessState.Exited)exited.Process).Expected);
        Assert.Empty(exited.Faults);
        Assert.Equal(FaultEnd.VmGone, (await lab.UntilOverAsync(pause)).End);
    }

    private static async Task RunStatesAsync(FaultLab lab, string before)
    {
        var pause = await lab.InjectAsync(new PauseFault(), seconds: 600);
        Assert.Equal((FaultState.Active, true, "QEMU says that the guest is paused."), (pause.State, pause.EffectSeen, pause.Evidence));
        Assert.Equal(pause.Id.Text, (await lab.UntilAsync(state => state.RunState == RunState.Paused)).Faults.Single().Id);
        Assert.Contains($"the guest stands still ({pause.Id})", await lab.RefusedAsync(new PauseFault()), StringComparison.Ordinal);
        Assert.Contains("holds the same, until", await lab.RefusedAsync(new VcpuPauseFault(1)), StringComparison.Ordinal);
        await LiftedAsync(lab, pause, before);

        var vcpu = await lab.InjectAsync(new VcpuPauseFault(1), seconds: 5);
        Assert.Equal(RunState.Running, (await lab.Vm.ReadAsync(RunStateCommands.QueryStatus, TestContext.Current.CancellationToken)).Status);
        Assert.Contains("of a CPU in", (await lab.UntilSeenAsync(vcpu)).Evidence, StringComparison.Ordinal);
        await LiftedAsync(lab, vcpu, before);
        Assert.Contains("has no vCPU 2; it has 2", await lab.RefusedAsync(new VcpuPauseFault(2)), StringComparison.Ordinal);
    }

    private static async Task DisksAsync(FaultLab lab, string before)
    {
        var writing = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Write, BlockErrno.EIO, null, Once: false, null), seconds: 600);
        var reading = await lab.InjectAsync(new BlockErrorFault("vda", BlockOperation.Read, BlockErrno.EIO, 8_000, Once: true, null), seconds: 600);
        Assert.Contains("block errors on d1", await lab.RefusedAsync(writing.Spec), StringComparison.Ordinal);
        Assert.Contains("Input/output error", await lab.InGuestAsync("dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct"), StringComparison.Ordinal);
        Assert.Contains("Input/output error", await lab.InGuestAsync("dd if=/dev/vda of=/dev/null bs=512 skip=8000 count=1 iflag=direct"), StringComparison.Ordinal);
        Assert.DoesNotContain("error", await lab.InGuestAsync("dd if=/dev/vda of=/dev/null bs=512 skip=8000 count=1 iflag=direct"), StringComparison.Ordinal);
        await lab.UntilSeenAsync(writing);
        await lab.UntilSeenAsync(reading);
        await lab.LiftAsync(reading);
        await LiftedAsync(lab, writing, before);
        Assert.DoesNotContain("error", await lab.InGuestAsync("dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct"), StringComparison.Ordinal);
        Assert.Contains("has no disk d9. It has", await lab.RefusedAsync(new BlockThrottleFault("d9", 1, null)), StringComparison.Ordinal);

        var full = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Write, BlockErrno.ENOSPC, null, Once: false, null), seconds: 600);
        var stuck = lab.InGuestAsync("dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct");
        await lab.UntilAsync(state => state.RunState == RunState.IoError);
        Assert.Contains("QEMU, which had stopped the guest for it", (await lab.LiftAsync(full)).Evidence, StringComparison.Ordinal);
        Assert.DoesNotContain("error", await stuck, StringComparison.Ordinal);

        var rate = await lab.InjectAsync(new BlockErrorFault("d1", BlockOperation.Write, BlockErrno.EIO, null, Once: false, 50), seconds: 600);
        var tried = await lab.InGuestAsync("for n in $(seq 60); do dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct 2>/dev/null && echo good || echo bad; sleep 0.01; done");
        Assert.Contains("good", tried, StringComparison.Ordinal);
        Assert.Contains("bad", tried, StringComparison.Ordinal);
        await LiftedAsync(lab, rate, before);

        var throttle = await lab.InjectAsync(new BlockThrottleFault("vda", 500, 4_000_000), seconds: 600);
        Assert.Equal((true, "QEMU says: 500 requests/s, 4000000 bytes/s."), (throttle.EffectSeen, throttle.Evidence));
        var latency = await lab.InjectAsync(new BlockLatencyFault("d1", 20), seconds: 600);
        Assert.Contains("500 requests/s", await lab.RefusedAsync(new BlockLatencyFault("vda", 5)), StringComparison.Ordinal);
        var began = Stopwatch.GetTimestamp();
        await lab.InGuestAsync("dd if=/dev/vdb of=/dev/null bs=4k count=40 iflag=direct");
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(20 * 30), $"40 requests took {Stopwatch.GetElapsedTime(began)}");
        await lab.LiftAsync(latency);
        await LiftedAsync(lab, throttle, before);
    }

    private static async Task LinksAsync(FaultLab lab, string before)
    {
        var delay = await lab.InjectAsync(new LinkImpairFault(Eth0, new Impairment(50, null, null, null, null, null), ImpairDirection.Both), seconds: 600);
        Assert.Equal((true, "QEMU keeps frames and lets them go each 50000 µs."), (delay.EffectSeen, delay.Evidence));

        // Each frame waits for the next moment at which QEMU lets some go; five that are sent at other times before it do not all wait little.
        var pings = await lab.InGuestAsync("ping -c 5 -i 0.21 -q 10.0.2.2");
        Assert.True(Regex.IsMatch(pings, @"rtt min/avg/max/mdev = [0-9.]+/[0-9.]+/([3-9]\d|[1-9]\d\d+)\.", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)), pings);
        await LiftedAsync(lab, delay, before);
        var down = await lab.InjectAsync(new LinkDownFault(Eth0), seconds: 600);
        Assert.Equal("The guest says that eth0 has no carrier.", (await lab.UntilSeenAsync(down)).Evidence);
        Assert.Contains("eth0 has no carrier", await lab.RefusedAsync(new LinkFlapFault(Eth0, 50, 50)), StringComparison.Ordinal);
        await LiftedAsync(lab, down, before);
        Assert.Contains("has no NIC eth1. It has eth0.", await lab.RefusedAsync(new LinkDownFault(new NicId(1))), StringComparison.Ordinal);

        var flap = await lab.InjectAsync(new LinkFlapFault(Eth0, 50, 50), seconds: 600);
        await lab.UntilAsync(flap, fault => fault.Evidence!.Contains("3 times", StringComparison.Ordinal));
        await LiftedAsync(lab, flap, before);
        Assert.Equal("1\n", await lab.InGuestAsync("cat /sys/class/net/eth0/carrier"));

        Assert.Contains("only delayMs works here", await lab.RefusedAsync(new LinkImpairFault(Eth0, new Impairment(5, null, 1, null, null, null), ImpairDirection.In)), StringComparison.Ordinal);
    }

    private static async Task BalloonAsync(FaultLab lab, string before)
    {
        var balloon = await lab.InjectAsync(new BalloonFault(192 * LabLimits.MiB), seconds: 600);
        Assert.Equal("QEMU says that the guest has 192 MiB.", (await lab.UntilSeenAsync(balloon)).Evidence);
        await LiftedAsync(lab, balloon, before);
        Assert.Contains("takes none of them", await lab.RefusedAsync(new BalloonFault(1024 * LabLimits.MiB)), StringComparison.Ordinal);
    }

    private static async Task LiftedAsync(FaultLab lab, Fault fault, string before)
    {
        var lifted = await lab.LiftAsync(fault);
        Assert.Equal((FaultState.Lifted, FaultEnd.Asked, null), (lifted.State, lifted.End, lifted.Problem));
        Assert.Equal(before, await lab.ReadRemainsAsync());
        Assert.Equal(lifted, await lab.LiftAsync(fault));
    }
}
