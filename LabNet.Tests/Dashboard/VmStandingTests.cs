using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Vm;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class VmStandingTests
{
    private static readonly LabVm Vm = Labs.CrossArch().Vms[0];

    [Theory]
    [InlineData("running", Tone.Good)]
    [InlineData("paused", Tone.Warning)]
    [InlineData("guest-panicked", Tone.Bad)]
    [InlineData("io-error", Tone.Bad)]
    [InlineData("save-vm", Tone.Busy)]
    [InlineData("a-word-of-a-newer-qemu", Tone.Warning)]
    public void A_running_vm_is_told_in_qemus_own_word(string runState, Tone tone)
    {
        var standing = VmStanding.Of(Labs.Running(Vm, Labs.Noon, runState));

        Assert.Equal(runState, standing.Word);
        Assert.Equal(tone, standing.Tone);
    }

    [Fact]
    public void A_run_state_is_not_shown_while_qemu_does_not_answer()
    {
        var standing = VmStanding.Of(Labs.Running(Vm, Labs.Noon) with { Connection = new QmpLinkState.Lost("no answer within 5 s", Labs.Noon) });

        Assert.Equal("connection lost", standing.Word);
        Assert.Equal("no answer within 5 s", standing.Detail);
    }

    [Fact]
    public void An_attached_vm_that_nobody_reaches_is_neither_off_nor_crashed()
    {
        var away = new VmState(Labs.Attached("mine"));
        var lost = away with { Connection = new QmpLinkState.Lost("nobody listens", Labs.Noon) };

        Assert.Equal("running", VmStanding.Of(Labs.There(Labs.Attached("mine"))).Word);
        Assert.Equal(("connecting", "LabNet connects to /run/mine/qmp.sock."), (VmStanding.Of(away).Word, VmStanding.Of(away).Detail));
        Assert.Equal(("not reachable", "nobody listens"), (VmStanding.Of(lost).Word, VmStanding.Of(lost).Detail));
    }

    [Theory]
    [InlineData(null, "no socket", "The lab file names no agent socket for mine, so its guest cannot be asked.")]
    [InlineData("/run/mine/ga.sock", "not there", "The guest's agent is not there: the guest boots, has no agent (qemu-guest-agent), or it has ended.")]
    public void Without_a_socket_for_its_agent_a_guest_is_not_said_to_be_silent(string? socket, string word, string whyNot)
    {
        var state = Labs.There(Labs.Attached("mine", socket));

        Assert.Equal(word, AgentStanding.Of(state).Word);
        Assert.Equal(whyNot, VmAsking.WhyNotGuest(state));
        Assert.Null(VmAsking.WhyNotQemu(state));
        Assert.Equal("mine is not reachable: gone", VmAsking.WhyNotQemu(state with { Connection = new QmpLinkState.Lost("gone", Labs.Noon) }));
    }

    [Fact]
    public void A_process_that_was_asked_to_end_has_not_crashed()
    {
        var asked = new VmState(Vm) { Process = new VmProcessState.Exited(0, Expected: true, "", Labs.Noon) };

        Assert.Equal("off", VmStanding.Of(asked).Word);
        Assert.Equal("crashed", VmStanding.Of(Labs.Crashed(Vm, Labs.Noon, "")).Word);
    }

    [Fact]
    public void A_start_that_failed_does_not_look_like_a_vm_that_was_never_started()
    {
        var failed = VmReducer.Apply(new VmState(Vm), new VmEvent.StartFailed(new VmProblem("No image", "", Labs.Noon)));

        Assert.Equal("start failed", VmStanding.Of(failed).Word);
        Assert.Equal("off", VmStanding.Of(new VmState(Vm)).Word);
    }

    [Fact]
    public void Addresses_are_the_lab_files_until_the_guest_told_its_own()
    {
        var silent = NicAddress.Of(Labs.Running(Vm, Labs.Noon) with { Guest = null }).Last();
        var told = NicAddress.Of(Labs.Running(Vm, Labs.Noon)).Last();
        var crashed = NicAddress.Of(Labs.Crashed(Vm, Labs.Noon, "")).Last();

        Assert.Equal("planned", silent.Caveat);
        Assert.Equal(["10.10.10.2/24"], silent.Addresses);
        Assert.Null(told.Caveat);
        Assert.Equal(["10.10.10.2/24"], told.Addresses);
        Assert.Equal("last told", crashed.Caveat);
    }

    [Fact]
    public void An_interface_is_found_by_its_mac_whatever_the_guest_calls_it()
    {
        var state = Labs.Running(Vm, Labs.Noon);
        var guest = state.Guest! with { Interfaces = [new GuestInterface("enp0s3", Vm.Nics[1].Mac.ToString().ToUpperInvariant(), ["192.0.2.7/24"])] };

        Assert.Equal(["192.0.2.7/24"], NicAddress.Of(state with { Guest = guest }).Last().Addresses);
    }
}
