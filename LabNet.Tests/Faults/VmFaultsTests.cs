using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Faults;

/// <summary>Faults in time, on a QEMU that the test plays.</summary>
[Trait("suite", "fake")]
public sealed class VmFaultsTests : IAsyncLifetime
{
    private static readonly BalloonFault Balloon = new(128 * LabLimits.MiB);
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(1700);

    private readonly ScriptedQemu _qemu = new();
    private readonly ManualTimeProvider _time = new();
    private LabOnThisMachine _lab = null!;

    private VmFaults Faults => _lab.Faults.Of(VmName.Parse("mine"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _qemu.Answer("balloon", "{}");
        _lab = LabOnThisMachine.Open(
            $$"""
            name: attached
            hosts:
              here: { kind: namespace, address: 10.99.4.1 }
            vms:
              mine: { host: here, arch: x86_64, attach: { qmp: {{_qemu.Path}} } }
            """,
            time: _time);
        await _lab.UntilAsync("mine", state => state.RunState == RunState.Running);
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact]
    public async Task A_fault_comes_and_goes_at_its_own_time()
    {
        var at = _time.GetUtcNow().AddSeconds(10);
        var planned = await Faults.PlanAsync(Balloon, TimeSpan.FromSeconds(5), at, run: null, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal((FaultState.Planned, at, at.AddSeconds(5)), (planned.State, planned.PlannedAt, planned.EndsAt));
        Assert.Equal(planned, Assert.Single(_lab.FaultStore.ReadOpen(planned.Vm)));
        await _time.UntilTimerIsSetAsync(TimeSpan.FromSeconds(10) - Lead);
        Assert.DoesNotContain("balloon", _qemu.TakeAsked());

        // What is asked shortly before makes the fault no later.
        _time.Advance(TimeSpan.FromSeconds(10) - Lead);
        await _time.UntilTimerIsSetAsync(Lead);
        Assert.DoesNotContain("balloon", _qemu.TakeAsked());
        _time.Advance(Lead);
        var active = await UntilAsync(planned.Id, fault => fault.State == FaultState.Active);
        Assert.Equal((at, $"{1L << 29}", false), (active.StartedAt, active.Before, active.EffectSeen));
        Assert.Contains("balloon", _qemu.TakeAsked());
        Assert.Equal([active.Id.Text], _lab.Vm("mine").State.Faults.Select(fault => fault.Id));

        await _time.UntilTimerIsSetAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        var lifted = await UntilAsync(planned.Id, fault => !fault.IsOpen);
        Assert.Equal((FaultState.Lifted, FaultEnd.Time, at.AddSeconds(5)), (lifted.State, lifted.End, lifted.LiftedAt));
        Assert.Contains("balloon", _qemu.TakeAsked());
        Assert.Empty(_lab.Vm("mine").State.Faults);
    }

    [Fact]
    public async Task Two_that_hold_the_same_exclude_each_other_only_while_both_would()
    {
        var first = await InjectAsync(TimeSpan.FromSeconds(5));
        var refused = await Assert.ThrowsAsync<VmConflictException>(() => InjectAsync(TimeSpan.FromSeconds(1)));
        Assert.Equal(
            $"mine has a fault that holds the same, until 03:04:10.000 UTC: the balloon leaves the guest 128 MiB ({first.Id}). Lift it first, or wait.", refused.Message);
        Assert.Single(Faults.Open);

        var next = await Faults.PlanAsync(Balloon, TimeSpan.FromSeconds(1), first.EndsAt, run: null, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal([first.Id, next.Id], Faults.Open.Select(fault => fault.Id));
        Assert.Equal([first.Id], Faults.InForce.Select(fault => fault.Id));
        var dropped = await Faults.LiftAsync(next.Id, FaultEnd.RunEnded, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal((FaultState.Lifted, FaultEnd.RunEnded, null), (dropped.State, dropped.End, dropped.StartedAt));

        await Faults.LiftAsync(first.Id, FaultEnd.Asked, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal(FaultState.Active, (await InjectAsync(TimeSpan.FromSeconds(1))).State);
    }

    [Fact]
    public async Task One_that_QEMU_does_not_let_be_lifted_stays_in_force_and_is_tried_on()
    {
        var fault = await InjectAsync(TimeSpan.FromSeconds(5));
        _qemu.Refuse("balloon");
        var refused = await Assert.ThrowsAsync<VmConflictException>(() => Faults.LiftAsync(fault.Id, FaultEnd.Asked, LabOnThisMachine.Tester, Cancellation));
        Assert.StartsWith("It could not be lifted yet:", refused.Message, StringComparison.Ordinal);
        Assert.Equal((FaultState.Active, refused.Message), (Faults.InForce.Single().State, Faults.InForce.Single().Problem));
        Assert.NotEmpty(_lab.Vm("mine").State.Faults);

        _qemu.Answer("balloon", "{}");
        await _time.UntilTimerIsSetAsync(TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        var lifted = await UntilAsync(fault.Id, one => !one.IsOpen);
        Assert.Equal((FaultState.Lifted, FaultEnd.Asked, null), (lifted.State, lifted.End, lifted.Problem));
    }

    [Fact]
    public async Task One_that_QEMU_refuses_is_known_as_failed_and_nothing_is_left()
    {
        _qemu.Refuse("balloon");
        var failing = InjectAsync(TimeSpan.FromSeconds(5));
        var failed = await failing;
        Assert.Equal((FaultState.Failed, "QEMU refused balloon: The command balloon has not been found"), (failed.State, failed.Problem));

        // Something of it may be in force, for all that LabNet knows.
        Assert.Single(Faults.Open);
        _qemu.Answer("balloon", "{}");
        await _time.UntilTimerIsSetAsync(TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await UntilAsync(failed.Id, fault => fault.State == FaultState.Failed);
        Assert.Empty(_lab.Vm("mine").State.Faults);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_and_not_written_down()
    {
        foreach (var (spec, told) in ((FaultSpec, string)[])
        [
            (new LinkDownFault(new NicId(0)), "does not know its NICs"),
            (new KillFault(), "LabNet did not start mine"),
            (new VcpuPauseFault(0), "is for whoever did"),
            (new BalloonFault(1L << 30), "takes none of them"),
        ])
        {
            var duration = spec.IsMomentary ? TimeSpan.Zero : TimeSpan.FromSeconds(1);
            var refused = await Assert.ThrowsAsync<VmConflictException>(() => Faults.InjectAsync(spec, duration, at: null, run: null, LabOnThisMachine.Tester, Cancellation));
            Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => InjectAsync(TimeSpan.FromHours(2)));
        var viewer = LabOnThisMachine.Tester with { Role = Role.Viewer };
        await Assert.ThrowsAsync<ForbiddenException>(() => Faults.InjectAsync(Balloon, TimeSpan.FromSeconds(1), at: null, run: null, viewer, Cancellation));
        await Assert.ThrowsAsync<VmConflictException>(() => Faults.LiftAsync(FaultId.New(), FaultEnd.Asked, LabOnThisMachine.Tester, Cancellation));
        Assert.Empty(_lab.FaultStore.Read(VmName.Parse("mine"), limit: 100));
        Assert.Empty(Faults.Open);
    }

    private Task<Fault> InjectAsync(TimeSpan duration) => Faults.InjectAsync(Balloon, duration, at: null, run: null, LabOnThisMachine.Tester, Cancellation);

    /// <summary>As the feed tells it, or as it is known already.</summary>
    private async Task<Fault> UntilAsync(FaultId id, Func<Fault, bool> wished)
    {
        using var changes = _lab.Feed.Subscribe(record => record.Item is FaultChanged);
        var now = Faults.Open.FirstOrDefault(fault => fault.Id == id) ?? _lab.FaultStore.Find(id)!;
        return wished(now)
            ? now
            : await changes.ReadAllAsync(Cancellation).Select(record => ((FaultChanged)record.Item).Fault).FirstAsync(fault => fault.Id == id && wished(fault), Cancellation);
    }
}
