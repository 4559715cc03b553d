using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

/// <summary>What the history says of a VM's life, event by event.</summary>
[Trait("suite", "unit")]
public sealed class VmNotesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly AcceleratorInUse Tcg = new(Accelerator.Tcg, "no KVM here");
    private static readonly VmProblem Trouble = new("QEMU did not start", "The disk is full.", Noon);

    private VmState _state = new(new StartedVm(
        VmName.Parse("box"), HostName.Parse("here"), Architecture.X86_64, 1 << 28, 1, ImageName.Parse("debian"), Share: null, [], AcceleratorChoice.Auto));

    [Fact]
    public void A_life_from_the_start_to_the_end_is_told_once()
    {
        Expect(new VmEvent.Starting("preparing", Tcg), "process/starting: It is being started under tcg (no KVM here).");
        Expect(new VmEvent.Starting("waiting for the control socket", Tcg));
        Expect(new VmEvent.ProcessFound(7, Noon, Adopted: false), "process/started: QEMU runs as process 7.");
        Expect(Connected, "connection/connected: LabNet is connected to QEMU 7.2.22.");
        Expect(Read("running", agentOpen: false));
        Expect(new VmEvent.QemuSaid(new QmpEvent("VSERPORT_CHANGE", null, System.Text.Json.JsonElement.Parse("""{"open": true, "id": "agent"}"""))));
        Expect(new VmEvent.AgentAnswered(new GuestFacts("box", "Debian", "6.1", [])), "guest/agent-answers: The guest's agent answers: box, Debian.");
        Expect(new VmEvent.AgentAnswered(Guest: null));
        Expect(new VmEvent.AgentSilent("no answer for 20 s"), "guest/agent-silent: The guest's agent is silent: no answer for 20 s");
        Expect(new VmEvent.AgentSilent("no answer for 25 s"));
        Expect(new VmEvent.ProblemSeen(Trouble), "guest/problem: QEMU did not start. The disk is full.");
        Expect(
            new VmEvent.ProcessExited(new VmProcessState.Exited(0, Expected: true, "", Noon)),
            "process/ended: QEMU ended as it was asked to, with exit status 0.",
            "connection/closed: The connection to QEMU is closed.");
    }

    [Fact]
    public void An_adoption_and_each_connection_that_is_lost_and_found_are_told()
    {
        Expect(new VmEvent.ProcessFound(7, Noon, Adopted: true), "process/adopted: LabNet adopted QEMU process 7, which runs since 2026-01-02 12:00:00 UTC.");
        Expect(Connected, "connection/connected: LabNet is connected to QEMU 7.2.22.");
        Expect(Read("running", agentOpen: true));
        Expect(new VmEvent.AgentAnswered(Guest: null), "guest/agent-answers: The guest's agent answers.");
        Expect(
            new VmEvent.Disconnected("The connection was reset.", Noon),
            "connection/lost: The connection to QEMU is lost: The connection was reset.",
            "guest/agent-closed: The guest's agent has closed its port.");
        Expect(new VmEvent.Disconnected("The connection was reset.", Noon.AddSeconds(1)));
        Expect(Connected, "connection/connected: LabNet is connected to QEMU 7.2.22.");
        Expect(Read("paused", agentOpen: true));
        Expect(Read("io-error", agentOpen: true), "connection/run-state: QEMU says io-error; before it was paused.");
        Expect(
            new VmEvent.ProcessExited(new VmProcessState.Exited(null, Expected: false, "Segmentation fault", Noon)),
            "process/crashed: QEMU ended by itself, with an exit status that nobody saw. It said: Segmentation fault",
            "connection/closed: The connection to QEMU is closed.");
    }

    [Fact]
    public void A_start_that_fails_or_is_cancelled_is_told()
    {
        Expect(new VmEvent.Starting("preparing", Accelerator: null), "process/starting: It is being started.");
        Expect(new VmEvent.StartFailed(Trouble), "process/start-failed: QEMU did not start. The disk is full.");
        Expect(new VmEvent.StartFailed(Problem: null), "process/start-cancelled: The start was cancelled.");
    }

    private static VmEvent.Connected Connected => new(new QmpGreeting(new Version(7, 2, 22), ""));

    private static VmEvent.StateRead Read(string status, bool agentOpen) =>
        new(new StatusInfo(new RunState(status), Running: status == "running"), Tcg, [], agentOpen);

    private void Expect(VmEvent vmEvent, params string[] notes)
    {
        var before = _state;
        _state = VmReducer.Apply(before, vmEvent);
        Assert.Equal(notes, VmNotes.Of(before, vmEvent, _state).Select(note => $"{note.Kind}/{note.Name}: {note.Text}"));
    }
}
