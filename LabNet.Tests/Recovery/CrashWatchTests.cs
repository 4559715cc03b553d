using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Labs;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class CrashWatchTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly VmState Off = new(SampleLab.ReadVm("memory: 256M"));
    private static readonly VmState Starting = Off with { Process = new VmProcessState.Starting("preparing") };
    private static readonly VmState Silent = Off with { Process = new VmProcessState.Running(7, Now, Adopted: false), Connection = new QmpLinkState.Connecting() };
    private static readonly VmState Running = Silent with { Connection = new QmpLinkState.Connected(), RunState = RunState.Running };

    [Theory]
    [InlineData(137, CrashKind.QemuKilled)]
    [InlineData(134, CrashKind.QemuAborted)]
    [InlineData(139, CrashKind.QemuAborted)]
    [InlineData(1, CrashKind.QemuEnded)]
    [InlineData(null, CrashKind.QemuGone)]
    public void A_QEMU_that_ends_by_itself_has_crashed_once(int? status, CrashKind kind)
    {
        var exited = Exited(status, expected: false);
        Assert.Equal([null, null, null, kind, null], See(Off, Starting, Running, exited, exited));
    }

    [Fact]
    public void An_end_that_somebody_asked_for_is_no_crash() =>
        Assert.All(See(Off, Starting, Running, Exited(0, expected: true)), Assert.Null);

    [Fact]
    public void A_QEMU_that_ends_before_it_spoke_is_a_start_that_failed() =>
        Assert.All(See(Off, Starting, Silent, Exited(1, expected: false)), Assert.Null);

    [Fact]
    public void One_that_an_earlier_LabNet_started_had_spoken()
    {
        var adopted = Silent with { Process = new VmProcessState.Running(7, Now, Adopted: true) };
        Assert.Equal([null, CrashKind.QemuKilled], See(adopted, Exited(137, expected: false)));
    }

    [Fact]
    public void An_end_while_no_LabNet_was_there_is_a_crash_when_the_next_one_begins() =>
        Assert.Equal([CrashKind.QemuKilled], See(Exited(137, expected: false)));

    [Fact]
    public void Each_crash_is_told_also_when_it_is_the_same_again()
    {
        var signs = See(Running, Exited(137, expected: false), Starting, Running, Exited(137, expected: false, after: TimeSpan.FromSeconds(1)));
        Assert.Equal([null, CrashKind.QemuKilled, null, null, CrashKind.QemuKilled], signs);
    }

    [Theory]
    [InlineData("guest-panicked", CrashKind.GuestPanicked)]
    [InlineData("watchdog", CrashKind.Watchdog)]
    [InlineData("internal-error", CrashKind.InternalError)]
    public void A_guest_that_died_is_told_once_until_it_has_lived_again(string word, CrashKind kind)
    {
        var died = Running with { RunState = new RunState(word) };
        var lost = died with { RunState = null, Connection = new QmpLinkState.Lost("reset", Now) };
        Assert.Equal([null, kind, null, null, null, null, kind], See(Running, died, died, lost, died, Running, died));
    }

    [Theory]
    [InlineData("paused")]
    [InlineData("io-error")]
    [InlineData("restore-vm")]
    [InlineData("save-vm")]
    [InlineData("shutdown")]
    [InlineData("suspended")]
    public void Other_run_states_are_no_crash(string word) => Assert.All(See(Running, Running with { RunState = new RunState(word) }, Running), Assert.Null);

    [Fact]
    public void A_crash_is_as_old_as_the_connection_is_lost()
    {
        var watch = new CrashWatch();
        watch.See(Running, Now);
        watch.See(Running with { RunState = null, Connection = new QmpLinkState.Lost("EOF", Now) }, Now);
        Assert.Equal(Now, watch.See(Exited(137, expected: false, after: TimeSpan.FromSeconds(1)), Now + TimeSpan.FromSeconds(2))!.At);
    }

    [Fact]
    public void A_crash_is_still_so_until_somebody_has_begun_to_change_it()
    {
        var killed = CrashSign.OfExit((VmProcessState.Exited)Exited(137, expected: false).Process, Now);
        Assert.Equal([true, true, false, false], new[] { Exited(137, expected: false), Off, Starting, Running }.Select(killed.IsStillSo));
        var panicked = CrashSign.OfRunState(CrashKind.GuestPanicked, Now);
        Assert.Equal([true, false, false], new[] { Running with { RunState = RunState.GuestPanicked }, Running, Off }.Select(panicked.IsStillSo));
    }

    private static VmState Exited(int? status, bool expected, TimeSpan after = default) => Off with { Process = new VmProcessState.Exited(status, expected, "", Now + after) };

    private static CrashKind?[] See(params VmState[] states)
    {
        var watch = new CrashWatch();
        return [.. states.Select(state => watch.See(state, Now)?.Kind)];
    }
}
