using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class VmActionRulesTests
{
    private static readonly LabVm Vm = Labs.CrossArch().Vms[0];

    [Theory]
    [InlineData("running", "Pause Reset Powerdown Stop Kill")]
    [InlineData("paused", "Resume Reset Stop Kill")]
    [InlineData("guest-panicked", "Resume Reset Stop Kill")]
    [InlineData("io-error", "Resume Reset Stop Kill")]
    [InlineData("internal-error", "Reset Stop Kill")]
    [InlineData("save-vm", "Stop Kill")]
    [InlineData("a-word-of-a-newer-qemu", "Resume Reset Stop Kill")]
    public void What_can_be_asked_follows_from_qemus_run_state(string runState, string actions) =>
        Assert.Equal(actions, Allowed(Labs.Running(Vm, Labs.Noon, runState)));

    [Fact]
    public void A_vm_that_is_off_can_only_be_started() => Assert.Equal("Start", Allowed(new VmState(Vm)));

    [Fact]
    public void A_crashed_vm_can_be_started_again() => Assert.Equal("Start", Allowed(Labs.Crashed(Vm, Labs.Noon, "")));

    [Fact]
    public void A_starting_vm_takes_nothing_and_says_where_it_is()
    {
        var state = new VmState(Vm) { Process = new VmProcessState.Starting("waiting for the control socket") };

        Assert.Equal("", Allowed(state));
        Assert.Contains("waiting for the control socket", VmActionRules.WhyNot(VmAction.Start, state, operation: null, Role.Admin), StringComparison.Ordinal);
    }

    [Fact]
    public void A_vm_whose_qemu_does_not_answer_can_still_be_ended() =>
        Assert.Equal("Stop Kill", Allowed(Labs.Running(Vm, Labs.Noon) with { Connection = new QmpLinkState.Lost("no answer", Labs.Noon), RunState = null }));

    [Theory]
    [InlineData("running", "Pause Reset Powerdown")]
    [InlineData("paused", "Resume Reset")]
    public void A_vm_that_somebody_else_started_is_neither_started_nor_ended_here(string runState, string actions)
    {
        var state = Labs.There(Labs.Attached("mine"), runState);

        Assert.Equal(actions, Allowed(state));
        Assert.All(
            [VmAction.Start, VmAction.Stop, VmAction.Kill],
            action => Assert.StartsWith("LabNet did not start mine", VmActionRules.WhyNot(action, state, operation: null, Role.Admin), StringComparison.Ordinal));
        Assert.Equal("", Allowed(state with { Connection = new QmpLinkState.Lost("gone", Labs.Noon), RunState = null }));
        Assert.Equal("", Allowed(new VmState(state.Definition)));
    }

    [Fact]
    public void Nothing_can_be_asked_of_a_vm_that_is_not_known_yet() => Assert.Equal("", Allowed(state: null));

    [Theory]
    [InlineData("pause", "Stop Kill")]
    [InlineData("stop", "Kill")]
    [InlineData("kill", "")]
    [InlineData("io-benchmark", "Pause Reset Powerdown Stop Kill")]
    public void While_an_operation_runs_only_what_is_stronger_can_be_asked(string kind, string actions) =>
        Assert.Equal(actions, Allowed(Labs.Running(Vm, Labs.Noon), Labs.Begun(kind, Vm)));

    [Fact]
    public void A_viewer_is_told_which_role_it_takes()
    {
        var state = Labs.Running(Vm, Labs.Noon);

        Assert.Equal("", Allowed(state, operation: null, Role.Viewer));
        Assert.Equal("You are viewer; this needs operator.", VmActionRules.WhyNot(VmAction.Pause, state, operation: null, Role.Viewer));
    }

    private static string Allowed(VmState? state, Operation? operation = null, Role role = Role.Operator) =>
        string.Join(' ', Enum.GetValues<VmAction>().Where(action => VmActionRules.WhyNot(action, state, operation, role) is null));
}
