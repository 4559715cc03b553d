using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "qemu")]
public sealed class VmSessionQemuTests
{
    private const string OneVm = """
        name: one
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian, nics: [ user ] }
        """;

    [Fact]
    public async Task A_VM_starts_answers_pauses_resumes_and_outlives_LabNet()
    {
        await using var lab = LabOnThisMachine.Open(OneVm);
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("box", VmAction.Start)).State);
        var up = await lab.UntilAsync("box", state => state.Guest is not null || state.Problem is not null);
        Assert.Null(up.Problem);
        Assert.Equal("box", up.Guest!.HostName);
        Assert.Equal(RunState.Running, up.RunState);
        Assert.Equal(Accelerator.Tcg, up.Accelerator!.Kind);

        var echo = await lab.Vm("box").ExecAsync(
            new GuestProgram("/bin/sh", ["-c", "cat; echo '$HOME \"x\"' >&2; exit 7"], Encoding.UTF8.GetBytes("in")), LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        Assert.Equal((7, "in", "$HOME \"x\"\n"), (echo.ExitCode, Encoding.UTF8.GetString(echo.Stdout.Span), Encoding.UTF8.GetString(echo.Stderr.Span)));

        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("box", VmAction.Pause)).State);
        Assert.Equal(RunState.Paused, lab.Vm("box").State.RunState);
        await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => lab.Vm("box").ExecAsync(new GuestProgram("true", []), LabOnThisMachine.Tester, TestContext.Current.CancellationToken));

        var before = QemuProcess.ReadFrom(lab.Vm("box").Paths);
        await lab.ReplaceLabNetAsync();
        var adopted = await lab.UntilAsync("box", state => state.RunState is not null);
        Assert.Equal(RunState.Paused, adopted.RunState);
        Assert.Equal(new VmProcessState.Running(before!.Pid, before.StartedAt, Adopted: true), adopted.Process);

        await lab.DoAsync("box", VmAction.Resume);
        await lab.UntilAsync("box", state => state.Agent is GuestAgentState.Answering);
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("box", VmAction.Stop)).State);
        var end = Assert.IsType<VmProcessState.Exited>(lab.Vm("box").State.Process);
        Assert.Equal((0, true), (end.Status, end.Expected));
    }

    [Fact]
    public async Task A_killed_QEMU_is_told_with_its_status()
    {
        await using var lab = LabOnThisMachine.Open(OneVm);
        await lab.DoAsync("box", VmAction.Start);
        QemuProcess.ReadFrom(lab.Vm("box").Paths)!.Kill();
        var state = await lab.UntilAsync("box", s => s.Process is VmProcessState.Exited);
        Assert.Equal(137, ((VmProcessState.Exited)state.Process).Status);
        Assert.Contains("SIGKILL", state.Problem!.Title, StringComparison.Ordinal);
        Assert.Null(state.RunState);
    }
}
