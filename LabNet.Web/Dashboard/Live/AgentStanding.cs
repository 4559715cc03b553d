using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Live;

/// <summary>How a VM's guest agent stands, in one word.</summary>
/// <param name="Icon">None where there is nothing to say.</param>
/// <param name="Detail">More of it for who asks; null where the word says all.</param>
public sealed record AgentStanding(string Word, Tone Tone, IconShape? Icon, string? Detail)
{
    public static AgentStanding Of(VmState state) => (state.Process, state.Agent) switch
    {
        (_, GuestAgentState.NoSocket) => new("no socket", Tone.Quiet, Icon: null, "The lab file names no agent socket for this VM."),
        (VmProcessState.Foreign, _) when !state.IsThere => new("–", Tone.Quiet, Icon: null, "The VM is not reachable."),
        (not (VmProcessState.Running or VmProcessState.Foreign), _) => new("–", Tone.Quiet, Icon: null, "The VM is off."),
        (_, GuestAgentState.Answering) => new("answering", Tone.Good, IconShape.Check, Detail: null),
        (_, GuestAgentState.Silent silent) => new("silent", Tone.Warning, IconShape.Pause, silent.Reason),
        _ => new("not there", Tone.Quiet, IconShape.Circle, "The guest has not opened the agent's port: it boots, or it has no agent."),
    };
}
