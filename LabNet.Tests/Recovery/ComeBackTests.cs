using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Labs;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class ComeBackTests
{
    private static readonly VmState Running = new VmState(SampleLab.ReadVm("memory: 256M")) { RunState = RunState.Running };
    private static readonly VmState Answering = Running with { Agent = new GuestAgentState.Answering() };
    private static readonly VmState Paused = Running with { RunState = RunState.Paused };

    [Fact]
    public void A_VM_runs_again_and_then_its_guest_answers() => Assert.Equal((2, 4), See(new ComeBack(WasDown: false), Running, Paused, Running, Running, Answering));

    [Fact]
    public void What_only_seems_to_run_because_it_hangs_is_not_back() => Assert.Equal((null, null), See(new ComeBack(WasDown: false), Running, Running));

    [Fact]
    public void A_stop_in_between_begins_anew() => Assert.Equal((2, 3), See(new ComeBack(WasDown: true), Running, Paused, Running, Answering));

    /// <returns>At which of the states.</returns>
    private static (int? Running, int? Answers) See(ComeBack comeBack, params VmState[] states)
    {
        for (var place = 0; place < states.Length; place++)
        {
            comeBack = comeBack.See(states[place], DateTimeOffset.UnixEpoch.AddSeconds(place));
        }

        return ((int?)comeBack.RunningAt?.ToUnixTimeSeconds(), (int?)comeBack.AnswersAt?.ToUnixTimeSeconds());
    }
}
