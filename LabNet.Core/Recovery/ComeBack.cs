using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>When a VM that is brought back runs, and when its guest answers. A value; each state that is seen makes the next one.</summary>
/// <param name="WasDown">Whether it was seen standing: a guest that hangs looks as if it ran.</param>
internal readonly record struct ComeBack(bool WasDown, DateTimeOffset? RunningAt = null, DateTimeOffset? AnswersAt = null)
{
    public ComeBack See(VmState state, DateTimeOffset now)
    {
        if (state.RunState != RunState.Running)
        {
            return new ComeBack(WasDown: true);
        }

        var running = WasDown ? RunningAt ?? now : RunningAt;
        return this with { RunningAt = running, AnswersAt = running is not null && state.Agent is GuestAgentState.Answering ? AnswersAt ?? now : AnswersAt };
    }
}
