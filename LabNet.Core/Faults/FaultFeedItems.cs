using System.Globalization;
using System.Text.Json.Nodes;
using LabNet.Core.Feed;

namespace LabNet.Core.Faults;

/// <summary>A fault came into force, was lifted or failed, or more was seen of it; the whole fault. Those in force are part of the VM's state too.</summary>
/// <param name="IsTold">Whether the history has it.</param>
public sealed record FaultChanged(Fault Fault, bool IsTold = true) : EventItem
{
    /// <summary>That one is planned for later is in lab.db, and no event.</summary>
    public override EventNote? Note => !IsTold ? null : Fault switch
    {
        { State: FaultState.Active } => Told("injected", $"Fault: {Fault.Spec.Text}{UntilText}.", Fault.StartedAt),
        { State: FaultState.Lifted, Spec.IsMomentary: true } => Told("injected", $"Fault: {Fault.Spec.Text}. {Fault.Evidence}", Fault.StartedAt),
        { State: FaultState.Lifted } => Told("lifted", $"The fault is over: {Fault.Spec.Text}. {Fault.Evidence}", Fault.LiftedAt),
        { State: FaultState.Failed } => Told("failed", $"The fault failed: {Fault.Spec.Text}. {Fault.Problem}", at: null),
        _ => null,
    };

    private string UntilText => Fault is { EndsAt: { } ends, StartedAt: { } began }
        ? string.Create(CultureInfo.InvariantCulture, $", for {(ends - began).TotalSeconds:0.###} s")
        : "";

    private EventNote Told(string name, string text, DateTimeOffset? at) => new(
        EventKind.Fault,
        name,
        text,
        at?.ToUnixTimeNs(),
        new JsonObject { ["fault"] = Fault.Id.Text, ["kind"] = Fault.Spec.Kind, ["spec"] = FaultJson.Write(Fault.Spec), ["run"] = Fault.Run, ["end"] = Fault.End?.Word() }.ToJsonString());
}
