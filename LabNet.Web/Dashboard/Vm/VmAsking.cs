using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>Why a VM's QEMU, or its guest, cannot be asked at the moment; in words for its user.</summary>
internal static class VmAsking
{
    public static string? WhyNotQemu(VmState state) => state switch
    {
        { Process: VmProcessState.Starting } => $"{state.Name} is starting.",
        { Process: VmProcessState.Foreign, Connection: QmpLinkState.Lost lost } => $"{state.Name} is not reachable: {lost.Reason}",
        { Process: not (VmProcessState.Running or VmProcessState.Foreign) } => $"{state.Name} is off. Start it to see this.",
        { Connection: QmpLinkState.Lost lost } => $"QEMU does not answer: {lost.Reason}",
        { Connection: not QmpLinkState.Connected } => "LabNet connects to QEMU.",
        _ => null,
    };

    public static string? WhyNotGuest(VmState state) => state switch
    {
        { Agent: GuestAgentState.NoSocket } => $"The lab file names no agent socket for {state.Name}, so its guest cannot be asked.",
        { IsThere: false } => WhyNotQemu(state),
        { RunState: { } runState } when runState != RunState.Running => $"{state.Name} is {runState}, so its guest cannot answer. It does when it runs again.",
        { Agent: GuestAgentState.Closed } => "The guest's agent is not there: the guest boots, has no agent (qemu-guest-agent), or it has ended.",
        { Agent: GuestAgentState.Silent silent } => $"The guest's agent does not answer: {silent.Reason}",
        _ => null,
    };

    /// <summary>What QEMU says now.</summary>
    public static async Task<GuestReading<T>> NowAsync<T>(TimeProvider time, Task<T> answer) => new(await answer, time.GetUtcNow());
}
