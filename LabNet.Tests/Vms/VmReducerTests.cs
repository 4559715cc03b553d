using System.Text.Json;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

/// <summary>Each event in each state that it can meet; a state is written as process, connection, run state, agent, problem.</summary>
[Trait("suite", "unit")]
public sealed class VmReducerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly AcceleratorInUse Tcg = new(Accelerator.Tcg, "no KVM here");
    private static readonly GuestFacts Facts = new("box", "Debian", "6.1", []);
    private static readonly VmProblem Trouble = new("trouble", "what to do", Noon);
    private static readonly JobInfo Job = new("job", "snapshot-save", "running", 0, 1);
    private static readonly VmState Off = new(new StartedVm(
        VmName.Parse("box"), HostName.Parse("here"), Architecture.X86_64, 1 << 28, 1, ImageName.Parse("debian"), Share: null, [], AcceleratorChoice.Auto));

    private static readonly VmState Connecting = Off with
    {
        Process = new VmProcessState.Running(7, Noon, Adopted: false),
        Connection = new QmpLinkState.Connecting(),
        Accelerator = Tcg,
    };

    private static readonly VmState Running = Connecting with
    {
        Connection = new QmpLinkState.Connected(),
        QemuVersion = new Version(7, 2, 22),
        RunState = RunState.Running,
        Agent = new GuestAgentState.Answering(),
        Guest = Facts,
        Jobs = [Job],
    };

    private static readonly Dictionary<string, VmState> States = new()
    {
        ["off"] = Off,
        ["off with a problem"] = Off with { Problem = Trouble },
        ["starting"] = Off with { Process = new VmProcessState.Starting("preparing") },
        ["connecting"] = Connecting,
        ["just connected"] = Connecting with { Connection = new QmpLinkState.Connected() },
        ["running"] = Running,
        ["running with a problem"] = Running with { Problem = Trouble },
        ["paused"] = Running with { RunState = RunState.Paused, Agent = new GuestAgentState.Silent("The guest stands still.") },
        ["panicked"] = Running with { RunState = RunState.GuestPanicked, Agent = new GuestAgentState.Closed() },
        ["folded"] = Running with { RunState = new RunState("folded-in-half") },
        ["lost"] = Connecting with { Connection = new QmpLinkState.Lost("silence", Noon) },
        ["exited"] = Off with { Process = new VmProcessState.Exited(0, Expected: true, "", Noon) },
        ["crashed"] = Off with { Process = new VmProcessState.Exited(139, Expected: false, "", Noon), Problem = Trouble },
    };

    private static readonly Dictionary<string, VmEvent> Events = new()
    {
        ["starting"] = new VmEvent.Starting("starting QEMU", Tcg),
        ["process found"] = new VmEvent.ProcessFound(8, Noon, Adopted: true),
        ["ended as asked"] = new VmEvent.ProcessExited(new VmProcessState.Exited(0, Expected: true, "", Noon)),
        ["killed"] = new VmEvent.ProcessExited(new VmProcessState.Exited(137, Expected: false, "out of memory", Noon)),
        ["start cancelled"] = new VmEvent.StartFailed(Problem: null),
        ["start failed"] = new VmEvent.StartFailed(Trouble),
        ["connected"] = new VmEvent.Connected(new QmpGreeting(new Version(10, 0, 2), "")),
        ["disconnected"] = new VmEvent.Disconnected("gone", Noon),
        ["read as running"] = Read("running", agentOpen: true),
        ["read as paused"] = Read("paused", agentOpen: true),
        ["read as io-error"] = Read("io-error", agentOpen: false),
        ["read as folded"] = Read("folded-in-half", agentOpen: false),
        ["STOP"] = Said("STOP"),
        ["RESUME"] = Said("RESUME"),
        ["SHUTDOWN"] = Said("SHUTDOWN"),
        ["an event of QEMU 12"] = Said("FOLDED_IN_HALF", """{"open": true}"""),
        ["BLOCK_IO_ERROR"] = Said("BLOCK_IO_ERROR", """{"action": "stop"}"""),
        ["panic, pause"] = Said("GUEST_PANICKED", """{"action": "pause"}"""),
        ["panic, poweroff"] = Said("GUEST_PANICKED", """{"action": "poweroff"}"""),
        ["panic, run"] = Said("GUEST_PANICKED", """{"action": "run"}"""),
        ["port opened"] = Said("VSERPORT_CHANGE", """{"open": true, "id": "agent"}"""),
        ["port closed"] = Said("VSERPORT_CHANGE", """{"open": false, "id": "agent"}"""),
        ["port nonsense"] = Said("VSERPORT_CHANGE", """{"open": "yes"}"""),
        ["port without data"] = Said("VSERPORT_CHANGE"),
        ["jobs"] = new VmEvent.JobsRead([Job]),
        ["agent answered"] = new VmEvent.AgentAnswered(Guest: null),
        ["agent silent"] = new VmEvent.AgentSilent("no answer"),
        ["problem"] = new VmEvent.ProblemSeen(Trouble),
    };

    [Theory]
    [InlineData("off", "starting", "Starting None - Closed -")]
    [InlineData("off with a problem", "starting", "Starting None - Closed -")]
    [InlineData("starting", "starting", "Starting None - Closed -")]
    [InlineData("exited", "starting", "Starting None - Closed -")]
    [InlineData("crashed", "starting", "Starting None - Closed -")]
    [InlineData("off", "process found", "Running Connecting - Closed -")]
    [InlineData("starting", "process found", "Running Connecting - Closed -")]
    [InlineData("just connected", "process found", "Running Connected - Closed -")]
    [InlineData("crashed", "process found", "Running Connecting - Closed -")]
    [InlineData("starting", "start cancelled", "Off None - Closed -")]
    [InlineData("starting", "start failed", "Off None - Closed trouble")]
    [InlineData("running", "start cancelled", "Off None - Closed -")]
    [InlineData("running", "ended as asked", "Exited None - Closed -")]
    [InlineData("running with a problem", "ended as asked", "Exited None - Closed -")]
    [InlineData("running", "killed", "Exited None - Closed QEMU ended with exit status 137 (killed by SIGKILL: by someone, or by the kernel for want of memory)")]
    [InlineData("lost", "killed", "Exited None - Closed QEMU ended with exit status 137 (killed by SIGKILL: by someone, or by the kernel for want of memory)")]
    public void The_process_decides_what_else_can_be_known(string state, string vmEvent, string expected) => AssertBecomes(state, vmEvent, expected);

    [Theory]
    [InlineData("connecting", "connected", "Running Connected - Closed -")]
    [InlineData("lost", "connected", "Running Connected - Closed -")]
    [InlineData("connecting", "disconnected", "Running Lost - Closed -")]
    [InlineData("running", "disconnected", "Running Lost - Closed -")]
    [InlineData("running with a problem", "disconnected", "Running Lost - Closed trouble")]
    [InlineData("lost", "disconnected", "Running Lost - Closed -")]
    [InlineData("starting", "disconnected", "Starting None - Closed -")]
    [InlineData("exited", "disconnected", "Exited None - Closed -")]
    [InlineData("crashed", "disconnected", "Exited None - Closed trouble")]
    public void Without_a_connection_nothing_is_known_of_the_guest(string state, string vmEvent, string expected) => AssertBecomes(state, vmEvent, expected);

    [Theory]
    [InlineData("just connected", "read as running", "Running Connected running Silent -")]
    [InlineData("just connected", "read as paused", "Running Connected paused Silent -")]
    [InlineData("running", "read as running", "Running Connected running Answering -")]
    [InlineData("paused", "read as running", "Running Connected running Silent -")]
    [InlineData("paused", "read as io-error", "Running Connected io-error Closed -")]
    [InlineData("running", "read as folded", "Running Connected folded-in-half Closed -")]
    [InlineData("lost", "read as running", "Running Lost - Closed -")]
    [InlineData("connecting", "read as running", "Running Connecting - Closed -")]
    [InlineData("exited", "read as running", "Exited None - Closed -")]
    [InlineData("starting", "read as running", "Starting None - Closed -")]
    public void What_QEMU_answered_holds_while_it_is_connected(string state, string vmEvent, string expected) => AssertBecomes(state, vmEvent, expected);

    [Theory]
    [InlineData("running", "STOP", "Running Connected paused Silent -")]
    [InlineData("just connected", "STOP", "Running Connected paused Closed -")]
    [InlineData("paused", "STOP", "Running Connected paused Silent -")]
    [InlineData("panicked", "STOP", "Running Connected guest-panicked Closed -")]
    [InlineData("folded", "STOP", "Running Connected folded-in-half Silent -")]
    [InlineData("running", "BLOCK_IO_ERROR", "Running Connected running Answering -")]
    [InlineData("paused", "RESUME", "Running Connected running Silent -")]
    [InlineData("panicked", "RESUME", "Running Connected running Closed -")]
    [InlineData("running", "SHUTDOWN", "Running Connected running Answering -")]
    [InlineData("running", "panic, pause", "Running Connected guest-panicked Answering -")]
    [InlineData("running", "panic, poweroff", "Running Connected guest-panicked Answering -")]
    [InlineData("running", "panic, run", "Running Connected running Answering -")]
    [InlineData("folded", "an event of QEMU 12", "Running Connected folded-in-half Answering -")]
    [InlineData("lost", "RESUME", "Running Lost - Closed -")]
    [InlineData("exited", "STOP", "Exited None - Closed -")]
    [InlineData("crashed", "RESUME", "Exited None - Closed trouble")]
    public void QEMUs_events_change_the_run_state_only_as_far_as_they_tell_it(string state, string vmEvent, string expected) =>
        AssertBecomes(state, vmEvent, expected);

    [Theory]
    [InlineData("just connected", "port opened", "Running Connected - Silent -")]
    [InlineData("running", "port opened", "Running Connected running Answering -")]
    [InlineData("running", "port closed", "Running Connected running Closed -")]
    [InlineData("running", "port nonsense", "Running Connected running Answering -")]
    [InlineData("running", "port without data", "Running Connected running Answering -")]
    [InlineData("running", "agent silent", "Running Connected running Silent -")]
    [InlineData("just connected", "agent answered", "Running Connected - Answering -")]
    [InlineData("running with a problem", "agent answered", "Running Connected running Answering -")]
    [InlineData("lost", "agent answered", "Running Lost - Answering -")]
    [InlineData("exited", "agent answered", "Exited None - Closed -")]
    [InlineData("crashed", "agent answered", "Exited None - Closed trouble")]
    [InlineData("crashed", "agent silent", "Exited None - Closed trouble")]
    [InlineData("off", "agent silent", "Off None - Closed -")]
    [InlineData("starting", "agent answered", "Starting None - Closed -")]
    [InlineData("running", "problem", "Running Connected running Answering trouble")]
    public void The_agent_answers_only_where_a_guest_can_run(string state, string vmEvent, string expected) => AssertBecomes(state, vmEvent, expected);

    [Fact]
    public void A_new_start_forgets_the_run_before_and_keeps_what_the_VM_is()
    {
        var started = VmReducer.Apply(States["running with a problem"], Events["starting"]);
        Assert.Equal(Off with { Process = new VmProcessState.Starting("starting QEMU"), Accelerator = Tcg, QemuVersion = new Version(7, 2, 22) }, started);
    }

    [Fact]
    public void What_the_guest_said_of_itself_stays_while_it_is_silent_and_jobs_do_not_outlive_the_connection()
    {
        var lost = VmReducer.Apply(Running, Events["disconnected"]);
        Assert.Equal((Facts, Tcg, new Version(7, 2, 22)), (lost.Guest, lost.Accelerator, lost.QemuVersion));
        Assert.Empty(lost.Jobs);
        Assert.Empty(VmReducer.Apply(lost, Events["jobs"]).Jobs);
        Assert.Equal([Job], VmReducer.Apply(Running with { Jobs = [] }, Events["jobs"]).Jobs);
        Assert.Same(Facts, VmReducer.Apply(Running, Events["agent silent"]).Guest);
        Assert.Same(Facts, VmReducer.Apply(Running, Events["agent answered"]).Guest);
    }

    [Fact]
    public void The_connections_end_is_told_with_its_reason_and_time()
    {
        var lost = Assert.IsType<QmpLinkState.Lost>(VmReducer.Apply(Running, Events["disconnected"]).Connection);
        Assert.Equal(new QmpLinkState.Lost("gone", Noon), lost);
    }

    [Theory]
    [InlineData(139, "139 (SIGSEGV: QEMU crashed)")]
    [InlineData(134, "134 (SIGABRT: QEMU aborted)")]
    [InlineData(143, "143 (signal 15)")]
    [InlineData(1, "1")]
    [InlineData(null, "QEMU is gone; its exit status was not seen")]
    public void An_unexpected_end_is_a_problem_that_says_how_and_what_QEMU_printed(int? status, string saying)
    {
        var exit = new VmProcessState.Exited(status, Expected: false, "qemu: no", Noon);
        var problem = VmReducer.Apply(Running, new VmEvent.ProcessExited(exit)).Problem!;
        Assert.EndsWith(saying, problem.Title, StringComparison.Ordinal);
        Assert.Equal(("qemu: no", Noon), (problem.Detail, problem.At));
        Assert.NotEmpty(VmReducer.Apply(Running, new VmEvent.ProcessExited(exit with { StderrTail = "" })).Problem!.Detail);
    }

    [Fact]
    public void Every_event_is_answered_in_every_state_and_keeps_the_VMs_definition() =>
        Assert.All(
            States.Values.SelectMany(state => Events.Values, VmReducer.Apply),
            after =>
            {
                Assert.Same(Off.Definition, after.Definition);
                Assert.True(after.Process is VmProcessState.Running or VmProcessState.Starting || after.RunState is null, Describe(after));
                Assert.True(after.Process is VmProcessState.Running || after.Agent is GuestAgentState.Closed, Describe(after));
                Assert.True(after.Connection is QmpLinkState.Connected || (after.RunState is null && after.Jobs.IsEmpty), Describe(after));
            });

    /// <summary>Of someone else's QEMU only the connection tells whether it is there.</summary>
    [Fact]
    public void An_attached_VM_is_what_its_monitor_says_and_unknown_without_it()
    {
        var vm = new AttachedVm(VmName.Parse("mine"), HostName.Parse("here"), Architecture.X86_64, new QmpAddress.Unix("/run/q"), "/run/a");
        var away = new VmState(vm);
        Assert.Equal("Foreign Connecting - Closed -", Describe(away));
        Assert.Equal("Foreign Lost - Closed -", Describe(VmReducer.Apply(away, Events["disconnected"])));
        Assert.Same(away, VmReducer.Apply(away, Events["agent answered"]));
        var size = new VmEvent.AttachedRead(new VmSize(1 << 28, 2), Trouble);
        Assert.Same(away, VmReducer.Apply(away, size));

        var connected = VmReducer.Apply(away, Events["connected"]);
        var read = VmReducer.Apply(VmReducer.Apply(connected, Read("running", agentOpen: null)), size);
        Assert.Equal("Foreign Connected running Silent trouble", Describe(read));
        Assert.Equal((1 << 28, 2), (read.MemoryBytes, read.Cpus));

        // A virtio port may be anybody's, and an answering guest is still the wrong one.
        var answering = VmReducer.Apply(VmReducer.Apply(read, new VmEvent.AgentAnswered(Facts)), Events["port closed"]);
        Assert.Equal("Foreign Connected running Answering trouble", Describe(answering));

        var gone = VmReducer.Apply(answering, Events["disconnected"]);
        Assert.Equal("Foreign Lost - Closed -", Describe(gone));
        Assert.Equal((null, null, null, null), (gone.MemoryBytes, gone.Cpus, gone.Accelerator, gone.Guest));
    }

    [Fact]
    public void What_is_to_be_traced_outlasts_the_QEMU_that_traced_it()
    {
        var traced = VmReducer.Apply(Running, new VmEvent.TraceSwitchesKnown([new TraceEventSwitch("virtio_blk_*", Enabled: true)]));
        foreach (var name in States.Keys)
        {
            var before = States[name] with { TraceSwitches = traced.TraceSwitches };
            Assert.All(Events.Values.Where(e => e is not VmEvent.TraceSwitchesKnown), e => Assert.Equal(traced.TraceSwitches, VmReducer.Apply(before, e).TraceSwitches));
        }
    }

    [Fact]
    public void Without_an_agent_socket_an_attached_VMs_agent_stays_unknown()
    {
        var vm = new AttachedVm(VmName.Parse("mine"), HostName.Parse("here"), Architecture.X86_64, new QmpAddress.Unix("/run/q"));
        var state = VmReducer.Apply(VmReducer.Apply(new VmState(vm), Events["connected"]), Read("running", agentOpen: null));
        Assert.Equal("Foreign Connected running NoSocket -", Describe(state));
        Assert.Equal("Foreign Connected paused NoSocket -", Describe(VmReducer.Apply(state, Events["STOP"])));
        Assert.Equal("Foreign Lost - NoSocket -", Describe(VmReducer.Apply(state, Events["disconnected"])));
    }

    private static void AssertBecomes(string state, string vmEvent, string expected) =>
        Assert.Equal(expected, Describe(VmReducer.Apply(States[state], Events[vmEvent])));

    private static string Describe(VmState state) =>
        $"{state.Process.GetType().Name} {state.Connection.GetType().Name} {state.RunState?.Word ?? "-"} {state.Agent.GetType().Name} {state.Problem?.Title ?? "-"}";

    private static VmEvent.StateRead Read(string runState, bool? agentOpen) =>
        new(new StatusInfo(new RunState(runState), runState == "running"), Tcg, [Job], agentOpen);

    private static VmEvent.QemuSaid Said(string name, string? data = null) =>
        new(new QmpEvent(name, TimeNs: null, data is null ? default : JsonElement.Parse(data)));
}
