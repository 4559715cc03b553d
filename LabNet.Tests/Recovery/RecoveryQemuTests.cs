using System.Text;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Recovery;

/// <summary>Real QEMU, real guests: what crashes comes back as it was at its last snapshot, and what is known of the crash is kept.</summary>
[Trait("suite", "qemu")]
public sealed class RecoveryQemuTests
{
    private const int HangMs = 240_000;

    [Theory(Timeout = HangMs)]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_killed_QEMU_comes_back_from_its_last_snapshot_also_when_LabNet_was_away(string architecture)
    {
        await using var lab = await CrashLab.StartAsync(architecture);
        await lab.SetAsync("restore-last");
        await lab.CountAsync(1);
        await lab.TakeAsync("one");
        await lab.CountAsync(2);
        await lab.InGuestAsync("echo the last words > /dev/console");

        lab.Kill();
        var killed = await lab.NextIncidentAsync();
        Assert.True(killed is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.QemuKilled }, $"{killed}");
        Assert.Equal(1, await lab.ReadCountAsync());
        Assert.True(killed.Times is { Kept: { } kept, Running: { } running, Answers: { } answers } && killed.Times.Noticed <= kept && kept <= running && running <= answers, $"{killed.Times}");
        var evidence = lab.Lab.Incidents.FindEvidence(killed.Id)!;
        Assert.Equal((137, "one", "restore-last"), (evidence.ExitStatus, evidence.Head, evidence.Policy.Text));
        Assert.Contains("the last words", Encoding.UTF8.GetString(evidence.Console!));
        var operation = lab.Lab.Operations.Find(killed.Operation!)!;
        Assert.Equal(("recover", OperationState.Succeeded, "(labnet)"), (operation.Kind, operation.State, operation.ActorName));

        await lab.CountAsync(3);
        await KillWithoutLabNetAsync(lab);
        var missed = await lab.NextIncidentAsync();
        Assert.True(missed is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.QemuKilled }, $"{missed}");
        Assert.Equal(1, await lab.ReadCountAsync());
        Assert.Equal(2, lab.Incidents.Count);
    }

    [Fact(Timeout = HangMs)]
    public async Task A_panic_is_kept_with_the_guests_memory_and_the_guest_comes_back()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        await lab.CountAsync(1);
        await lab.TakeAsync("one");
        await lab.SetAsync("restore one", policy => policy with { MemoryDump = true });
        await lab.CountAsync(2);

        await lab.BeginInGuestAsync("sleep 1; echo c > /proc/sysrq-trigger");
        var panic = await lab.NextIncidentAsync();
        Assert.True(panic is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.GuestPanicked, DumpBytes: > 200_000_000 }, $"{panic}");
        Assert.Equal(1, await lab.ReadCountAsync());
        using (var dump = File.OpenRead(MemoryDumps.PathOf(lab.Vm, panic.Id)))
        {
            Assert.Equal("\u007fELF", Encoding.ASCII.GetString([.. Enumerable.Range(0, 4).Select(_ => (byte)dump.ReadByte())]));
        }

        Assert.Contains("sysrq", Encoding.UTF8.GetString(lab.Lab.Incidents.FindEvidence(panic.Id)!.Console!));
        await lab.Recovery.DeleteAsync(panic, LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(MemoryDumps.PathOf(lab.Vm, panic.Id)));
        Assert.Empty(lab.Incidents);

        // It is the same QEMU still, and its end is another crash.
        await KillWithoutLabNetAsync(lab);
        var killed = await lab.NextIncidentAsync();
        Assert.True(killed is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.QemuKilled }, $"{killed}");
    }

    [Theory(Timeout = HangMs)]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_watchdog_that_runs_out_brings_the_guest_back(string architecture)
    {
        await using var lab = await CrashLab.StartAsync(architecture);
        await lab.CountAsync(1);
        await lab.TakeAsync("one");
        await lab.SetAsync("restore-last");
        await lab.CountAsync(2);

        await lab.BeginInGuestAsync("modprobe i6300esb heartbeat=1; exec 3> /dev/watchdog; sleep 1000");
        var watchdog = await lab.NextIncidentAsync();
        Assert.True(watchdog is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.Watchdog }, $"{watchdog}");
        Assert.Equal(1, await lab.ReadCountAsync());
    }

    [Theory(Timeout = HangMs)]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_guest_that_hangs_is_left_alone_until_hangs_count(string architecture)
    {
        await using var lab = await CrashLab.StartAsync(architecture);
        await lab.CountAsync(1);
        await lab.TakeAsync("one");
        await lab.SetAsync("restore-last");
        await lab.CountAsync(2);

        await lab.BeginInGuestAsync("sleep 1; kill -STOP $(pidof qemu-ga); while :; do :; done");
        await lab.UntilAsync(state => state.Agent is GuestAgentState.Silent);
        Assert.Empty(lab.Incidents);
        await lab.SetAsync("restore-last", policy => policy with { OnHang = true, HangSeconds = 10 });
        var set = DateTimeOffset.UtcNow;
        var hang = await lab.NextIncidentAsync();
        Assert.True(hang is { Outcome: IncidentOutcome.Recovered, Kind: CrashKind.Hang } && hang.At >= set - TimeSpan.FromSeconds(2), $"{hang}");
        Assert.Equal(1, await lab.ReadCountAsync());
    }

    [Fact(Timeout = HangMs)]
    public async Task The_breaker_opens_after_the_budget_and_whoever_starts_the_VM_closes_it()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        await lab.TakeAsync("one");
        await lab.SetAsync("restore-last", policy => policy with { BudgetTimes = 2 });
        foreach (var expected in (IncidentOutcome[])[IncidentOutcome.Recovered, IncidentOutcome.Recovered, IncidentOutcome.BreakerOpen])
        {
            lab.Kill();
            var incident = await lab.NextIncidentAsync();
            Assert.True(expected == incident.Outcome, $"{incident}");
        }

        Assert.IsType<VmProcessState.Exited>(lab.Vm.State.Process);
        Assert.True(lab.Recovery.Standing.Breaker.IsOpen);

        await lab.Lab.ReplaceLabNetAsync();
        Assert.True(lab.Recovery.Standing.Breaker.IsOpen);
        await lab.StartVmAsync();
        Assert.False(lab.Recovery.Standing.Breaker.IsOpen);
        Assert.Equal(3, lab.Incidents.Count);
    }

    [Fact(Timeout = HangMs)]
    public async Task Without_a_policy_a_crash_is_written_down_once_and_what_was_stopped_stays_off()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        lab.Kill();
        Assert.Equal(IncidentOutcome.Left, (await lab.NextIncidentAsync()).Outcome);
        await lab.UntilAsync(state => state.Process is VmProcessState.Exited);

        await lab.Lab.ReplaceLabNetAsync();
        Assert.IsType<VmProcessState.Off>(lab.Vm.State.Process);
        await lab.SetAsync("restart");
        await lab.StartVmAsync();
        Assert.Equal(OperationState.Succeeded, (await lab.Lab.DoAsync("box", VmAction.Kill)).State);
        await lab.Lab.ReplaceLabNetAsync();
        Assert.IsType<VmProcessState.Off>(lab.Vm.State.Process);
        Assert.Single(lab.Incidents);
    }

    [Fact(Timeout = HangMs)]
    public async Task Without_a_snapshot_the_guest_boots()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        await lab.SetAsync("restore-last");
        await lab.CountAsync(1);
        lab.Kill();
        var incident = await lab.NextIncidentAsync();
        Assert.True(incident is { Outcome: IncidentOutcome.Recovered }, $"{incident}");
        Assert.Equal("1", (await lab.InGuestAsync("cat /root/count; test ! -e /dev/shm/count")).Trim());
    }

    [Fact(Timeout = HangMs)]
    public async Task Who_starts_the_VM_while_LabNet_waits_has_it()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        await lab.CountAsync(1);
        await lab.TakeAsync("one");
        await lab.SetAsync("restore-last");
        lab.Kill();
        Assert.Equal(IncidentOutcome.Recovered, (await lab.NextIncidentAsync()).Outcome);

        lab.Kill();
        await lab.UntilStepAsync("Waits 1 s");
        await lab.StartVmAsync();
        var incident = await lab.NextIncidentAsync();
        Assert.True(incident is { Outcome: IncidentOutcome.Superseded }, $"{incident}");
        await lab.InGuestAsync("test ! -e /dev/shm/count");
        Assert.Empty(lab.Recovery.Standing.Breaker.Attempts);
    }

    [Fact(Timeout = HangMs)]
    public async Task Bringing_it_back_can_be_cancelled_and_a_snapshot_that_is_gone_is_told()
    {
        await using var lab = await CrashLab.StartAsync("x86_64");
        var snapshot = await lab.TakeAsync("one");
        await lab.SetAsync("restore one");
        await lab.DeleteAsync(snapshot);
        lab.Kill();
        await lab.UntilStepAsync("There is no snapshot “one” any more.");
        Assert.True(lab.Lab.Operations.Cancel(lab.Lab.Operations.RunningOf(lab.Vm.State.Name).Single().Id));
        var incident = await lab.NextIncidentAsync();
        Assert.True(incident is { Outcome: IncidentOutcome.Cancelled }, $"{incident}");
        Assert.IsNotType<VmProcessState.Running>(lab.Vm.State.Process);
    }

    private static async Task KillWithoutLabNetAsync(CrashLab lab)
    {
        var process = lab.Vm.Process!;
        await lab.Lab.CloseLabNetAsync();
        process.Kill();
        await lab.Lab.UntilEndIsNotedAsync("box");
        await lab.Lab.ReplaceLabNetAsync();
    }
}
