using LabNet.Core.Feed;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>What the history says of a change of state. Pure. QEMU's own events tell themselves and are not repeated here.</summary>
internal static class VmNotes
{
    public static IEnumerable<EventNote> Of(VmState before, VmEvent vmEvent, VmState after)
    {
        if (OfProcess(before, vmEvent) is { } process)
        {
            yield return process;
        }

        if (OfConnection(before, after) is { } connection)
        {
            yield return connection;
        }

        if (vmEvent is VmEvent.StateRead && before.RunState is { } was && after.RunState is { } now && was != now)
        {
            yield return new EventNote(EventKind.Connection, "run-state", $"QEMU says {now}; before it was {was}.");
        }

        foreach (var device in after.Plugged.Where(device => before.Plugged.All(one => one.Id != device.Id)))
        {
            var guest = device.GuestName is { } name ? $"; the guest calls it {name}" : "";
            yield return new EventNote(EventKind.Device, "plugged", $"{device.Id} ({device.Kind}) is plugged into {device.Port}{guest}.");
        }

        foreach (var device in before.Plugged.Where(device => vmEvent is VmEvent.PluggedKnown && after.Plugged.All(one => one.Id != device.Id)))
        {
            yield return new EventNote(EventKind.Device, "unplugged", $"{device.Id} ({device.Kind}) is no longer in {device.Port}.");
        }

        if (OfAgent(before.Agent, after.Agent, after.Guest) is { } agent)
        {
            yield return agent;
        }

        if (vmEvent is VmEvent.ProblemSeen or VmEvent.AttachedRead && after.Problem is { } problem && problem != before.Problem)
        {
            yield return new EventNote(EventKind.Guest, "problem", $"{problem.Title}. {problem.Detail}");
        }
    }

    private static EventNote? OfProcess(VmState before, VmEvent vmEvent) => vmEvent switch
    {
        VmEvent.Starting e when before.Process is not VmProcessState.Starting =>
            new(EventKind.Process, "starting", $"It is being started{(e.Accelerator is { } accelerator ? $" under {accelerator.Kind.Word()} ({accelerator.Reason})" : "")}."),
        VmEvent.ProcessFound { Adopted: true } e =>
            new(EventKind.Process, "adopted", $"LabNet adopted QEMU process {e.Pid}, which runs since {e.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC."),
        VmEvent.ProcessFound e => new(EventKind.Process, "started", $"QEMU runs as process {e.Pid}."),
        VmEvent.ProcessExited { Exit: { Expected: true } exit } => new(EventKind.Process, "ended", $"QEMU ended as it was asked to, with {Status(exit.Status)}."),
        VmEvent.ProcessExited { Exit: var exit } =>
            new(EventKind.Process, "crashed", $"QEMU ended by itself, with {Status(exit.Status)}.{(exit.StderrTail.Length > 0 ? $" It said: {exit.StderrTail}" : "")}"),
        VmEvent.StartFailed { Problem: { } problem } => new(EventKind.Process, "start-failed", $"{problem.Title}. {problem.Detail}"),
        VmEvent.StartFailed => new(EventKind.Process, "start-cancelled", "The start was cancelled."),
        _ => null,
    };

    private static EventNote? OfConnection(VmState before, VmState after) => (before.Connection, after.Connection) switch
    {
        (QmpLinkState.Connected, QmpLinkState.Connected) => null,
        (_, QmpLinkState.Connected) => new(EventKind.Connection, "connected", $"LabNet is connected to QEMU {after.QemuVersion}."),
        (QmpLinkState.Lost was, QmpLinkState.Lost now) when was.Reason == now.Reason => null,
        (_, QmpLinkState.Lost lost) => new(EventKind.Connection, "lost", $"The connection to QEMU is lost: {lost.Reason}"),
        (QmpLinkState.Connected, _) => new(EventKind.Connection, "closed", "The connection to QEMU is closed."),
        _ => null,
    };

    private static EventNote? OfAgent(GuestAgentState before, GuestAgentState after, GuestFacts? guest) => (before, after) switch
    {
        (GuestAgentState.Answering, GuestAgentState.Answering) => null,
        (_, GuestAgentState.Answering) => new(EventKind.Guest, "agent-answers", $"The guest's agent answers{(guest is null ? "" : $": {guest.HostName}, {guest.OperatingSystem}")}."),
        (GuestAgentState.Answering, GuestAgentState.Silent silent) => new(EventKind.Guest, "agent-silent", $"The guest's agent is silent: {silent.Reason}"),
        (GuestAgentState.Answering, _) => new(EventKind.Guest, "agent-closed", "The guest's agent has closed its port."),
        _ => null,
    };

    private static string Status(int? status) => status is { } known ? $"exit status {known}" : "an exit status that nobody saw";
}
