using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;

namespace LabNet.Tests.Vms;

/// <summary>Somebody else's QEMU, played by the test.</summary>
[Trait("suite", "fake")]
public sealed class AttachedVmTests : IAsyncLifetime
{
    private readonly FakeQmpServer _server = new();
    private LabOnThisMachine _lab = null!;

    public ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(LabFileOf($"qmp: {_server.Path}"), new QmpOptions { GreetingTimeout = TimeSpan.FromMilliseconds(200) });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_QEMU_has_and_what_does_not_fit_the_lab_file_is_told()
    {
        using var peer = await GreetAsync();
        await AnswerStateAsync(peer, target: "aarch64");
        var state = await _lab.UntilAsync("mine", s => s.Problem is not null);
        Assert.Equal("mine is aarch64, and the lab file says x86_64", state.Problem!.Title);
        Assert.Contains(_server.Path, state.Problem.Detail, StringComparison.Ordinal);
        Assert.Equal((3L << 28, 2), (state.MemoryBytes, state.Cpus));
        Assert.Equal(RunState.Running, state.RunState);
        Assert.IsType<GuestAgentState.NoSocket>(state.Agent);
    }

    [Fact]
    public async Task A_socket_that_another_client_holds_is_told_with_what_to_do()
    {
        using var silent = await _server.AcceptAsync();
        var state = await _lab.UntilAsync("mine", s => s.Connection is QmpLinkState.Lost);
        var lost = (QmpLinkState.Lost)state.Connection;
        Assert.Contains("another client holds it", lost.Reason, StringComparison.Ordinal);
        Assert.Contains("Start QEMU with a second -qmp for LabNet", lost.Reason, StringComparison.Ordinal);
        Assert.Null(state.RunState);
    }

    [Fact]
    public async Task It_is_paused_by_QMP_and_neither_started_nor_ended()
    {
        using var peer = await GreetAsync();
        await AnswerStateAsync(peer, target: "x86_64");
        await _lab.UntilAsync("mine", s => s.Cpus is not null);
        foreach (var action in (VmAction[])[VmAction.Start, VmAction.Stop, VmAction.Kill])
        {
            var refused = await Assert.ThrowsAsync<VmConflictException>(() => _lab.DoAsync("mine", action));
            Assert.StartsWith("LabNet did not start mine", refused.Message, StringComparison.Ordinal);
        }

        await _lab.Vms.StartAllAsync(LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        var pausing = _lab.DoAsync("mine", VmAction.Pause);
        var stop = await peer.ReadAsync();
        Assert.Equal("stop", stop.Name);
        await peer.ReplyAsync(stop);
        await AnswerStateAsync(peer, target: "x86_64", status: "paused");
        Assert.Equal(OperationState.Succeeded, (await pausing).State);
        Assert.Equal(RunState.Paused, _lab.Vm("mine").State.RunState);
        await Assert.ThrowsAsync<VmConflictException>(() => _lab.DoAsync("mine", VmAction.Powerdown));
    }

    [Fact]
    public async Task The_guests_shutdown_ends_a_powerdown_whether_QEMU_stays_or_goes()
    {
        using var peer = await GreetAsync();
        await AnswerStateAsync(peer, target: "x86_64");
        await _lab.UntilAsync("mine", s => s.Cpus is not null);
        var powering = _lab.DoAsync("mine", VmAction.Powerdown);
        await peer.ReplyAsync(await peer.ReadAsync());
        peer.Dispose();
        Assert.Equal(OperationState.Succeeded, (await powering).State);
        Assert.IsType<QmpLinkState.Lost>(_lab.Vm("mine").State.Connection);
        Assert.Equal((null, null), (_lab.Vm("mine").State.MemoryBytes, _lab.Vm("mine").State.Cpus));
    }

    [Fact]
    public async Task Without_sockets_for_agent_and_console_that_is_said_instead_of_silence()
    {
        var vm = _lab.Vm("mine");
        var noAgent = await Assert.ThrowsAsync<GuestAgentUnavailableException>(
            () => vm.ExecAsync(new GuestProgram("true", []), LabOnThisMachine.Tester, TestContext.Current.CancellationToken));
        Assert.Equal("The lab file names no agent socket for mine.", noAgent.Message);
        Assert.False(vm.HasConsole);
        Assert.Throws<VmConflictException>(() => vm.ReadConsoleKept());
        Assert.Throws<VmConflictException>(() => { vm.ReadConsoleAsync(from: null, 1024, TestContext.Current.CancellationToken); });
        await Assert.ThrowsAsync<VmConflictException>(() => vm.OpenKeyboardAsync(LabOnThisMachine.Tester, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => vm.ReadUptimeAsync(TimeSpan.Zero, TestContext.Current.CancellationToken));
        Assert.Null(QemuProcess.ReadFrom(vm.Paths));
    }

    internal static string LabFileOf(string sockets) => $$"""
        name: foreign
        hosts:
          here: { kind: namespace, address: 10.97.0.1 }
        vms:
          mine: { host: here, arch: x86_64, attach: { {{sockets}} } }
        """;

    private async Task<FakeQmpPeer> GreetAsync()
    {
        var peer = await _server.AcceptAsync();
        await peer.NegotiateAsync();
        return peer;
    }

    private static async Task AnswerStateAsync(FakeQmpPeer peer, string target, string status = "running")
    {
        (string Command, string Answer)[] answers =
        [
            ("query-status", $$"""{"status": "{{status}}", "running": {{(status == "running" ? "true" : "false")}}}"""),
            ("query-kvm", """{"enabled": false, "present": true}"""),
            ("query-jobs", "[]"),
            ("query-memory-size-summary", $$"""{"base-memory": {{1L << 29}}, "plugged-memory": {{1L << 28}}}"""),
            ("query-cpus-fast", $"[{Cpu(0)}, {Cpu(1)}]"),
            ("query-target", $$"""{"arch": "{{target}}"}"""),
        ];
        foreach (var (command, answer) in answers)
        {
            var asked = await peer.ReadAsync();
            Assert.Equal(command, asked.Name);
            await peer.ReplyAsync(asked, answer);
        }

        string Cpu(int index) => $$"""{"cpu-index": {{index}}, "qom-path": "/machine/unattached/device[{{index}}]", "thread-id": 7, "target": "{{target}}"}""";
    }
}
