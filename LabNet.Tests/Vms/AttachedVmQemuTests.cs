using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "qemu")]
public sealed class AttachedVmQemuTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_QEMU_of_someone_else_is_watched_paused_resumed_lost_found_again_and_left_alone()
    {
        var socket = _folder.File("qmp");
        string[] monitor = ["-qmp", $"unix:{socket},server=on,wait=off"];
        await using var lab = LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: {socket}"));
        var nobody = await lab.UntilAsync("mine", s => s.Connection is QmpLinkState.Lost);
        Assert.Contains(socket, ((QmpLinkState.Lost)nobody.Connection).Reason, StringComparison.Ordinal);

        await using (ForeignQemu.Start(monitor))
        {
            var there = await lab.UntilAsync("mine", s => s.Cpus is not null);
            Assert.Equal((64 * LabLimits.MiB, 2, RunState.Prelaunch, Accelerator.Tcg), (there.MemoryBytes, there.Cpus, there.RunState, there.Accelerator!.Kind));
            Assert.Null(there.Problem);
            Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("mine", VmAction.Resume)).State);
            Assert.Equal(RunState.Running, lab.Vm("mine").State.RunState);
            Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("mine", VmAction.Pause)).State);
            Assert.Equal(RunState.Paused, lab.Vm("mine").State.RunState);
            Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("mine", VmAction.Reset)).State);
        }

        var gone = await lab.UntilAsync("mine", s => s.Connection is QmpLinkState.Lost);
        Assert.Equal((null, null, null), (gone.RunState, gone.MemoryBytes, gone.Accelerator));

        await using var again = ForeignQemu.Start(monitor);
        Assert.Equal(RunState.Prelaunch, (await lab.UntilAsync("mine", s => s.Cpus is not null)).RunState);
        await lab.CloseLabNetAsync();
        await using var next = LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: {socket}"));
        await next.UntilAsync("mine", s => s.RunState == RunState.Prelaunch);
        Assert.True(again.IsAlive);
    }

    [Fact]
    public async Task A_QEMU_on_a_port_of_loopback_is_attached_and_told_when_it_is_another_one()
    {
        var port = ForeignQemu.FreePort();
        await using var qemu = ForeignQemu.Start("-qmp", $"tcp:127.0.0.1:{port},server=on,wait=off");
        var file = AttachedVmTests.LabFileOf($"qmp: localhost:{port}").Replace("x86_64", "aarch64", StringComparison.Ordinal);
        await using var lab = LabOnThisMachine.Open(file);
        var state = await lab.UntilAsync("mine", s => s.Problem is not null);
        Assert.Equal("mine is x86_64, and the lab file says aarch64", state.Problem!.Title);
        Assert.Equal(RunState.Prelaunch, state.RunState);
    }

    [Fact]
    public async Task A_QEMU_behind_TLS_is_attached_only_where_both_sides_trust_each_other()
    {
        using var ours = new QemuCredentials();
        using var others = new QemuCredentials();
        var port = ForeignQemu.FreePort();
        await using var qemu = StartTls(ours.Server("server"), port);

        await using (var lab = Open(port, ours.Client("client")))
        {
            Assert.Equal(2, (await lab.UntilAsync("mine", s => s.Cpus is not null)).Cpus);
            Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("mine", VmAction.Resume)).State);
            Assert.Equal(RunState.Running, lab.Vm("mine").State.RunState);
        }

        Assert.Contains("was not issued by a CA of", await WhyNotAsync(port, others.Client("stranger")), StringComparison.Ordinal);
        Assert.Contains("has no client-cert.pem with client-key.pem", await WhyNotAsync(port, ours.Authority("bare")), StringComparison.Ordinal);
        Assert.Contains("ca-cert.pem: Could not find", await WhyNotAsync(port, _folder.Path), StringComparison.Ordinal);

        // Its certificate is of a CA that the server does not know.
        var mixed = others.Client("mixed");
        File.Copy(Path.Join(ours.Authority("ours"), "ca-cert.pem"), Path.Join(mixed, "ca-cert.pem"), overwrite: true);
        Assert.Contains("does not accept the client's certificate", await WhyNotAsync(port, mixed), StringComparison.Ordinal);
        Assert.True(qemu.IsAlive);
    }

    [Fact]
    public async Task A_server_whose_certificate_is_old_or_for_another_address_is_not_trusted()
    {
        using var ours = new QemuCredentials();
        var client = ours.Client("client");
        var port = ForeignQemu.FreePort();
        await using (StartTls(ours.Server("elsewhere", "127.0.0.2"), port))
        {
            Assert.Contains("is for 127.0.0.2, not for 127.0.0.1", await WhyNotAsync(port, client), StringComparison.Ordinal);
        }

        // QEMU looks at its own certificate before it starts; with sanity-check=off it does not.
        var old = ForeignQemu.FreePort();
        var expired = ours.Server("expired", until: DateTimeOffset.UtcNow.AddDays(-1));
        await using (StartTls($"{expired},sanity-check=off", old))
        {
            Assert.Contains("is not valid now", await WhyNotAsync(old, client), StringComparison.Ordinal);
        }

        var plain = ForeignQemu.FreePort();
        await using var qemu = ForeignQemu.Start("-qmp", $"tcp:127.0.0.1:{plain},server=on,wait=off");
        Assert.Contains("Has that QEMU tls-creds on this port?", await WhyNotAsync(plain, client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_guest_is_attached_with_its_agent_and_its_console()
    {
        await using var owner = LabOnThisMachine.Open("""
            name: owner
            hosts:
              here: { kind: namespace, address: 10.97.0.1 }
            vms:
              box: { host: here, arch: x86_64, memory: 256M, image: debian }
            """);
        await owner.DoAsync("box", VmAction.Start);
        var paths = owner.Vm("box").Paths;
        await owner.CloseLabNetAsync();

        await using var lab = LabOnThisMachine.Open(
            AttachedVmTests.LabFileOf($"qmp: {paths.UserSocket}, agent: {paths.AgentSocket}, console: {paths.ConsoleSocket}"));
        var up = await lab.UntilAsync("mine", s => s.Guest is not null);
        Assert.Equal(("box", 1, 256 * LabLimits.MiB), (up.Guest!.HostName, up.Cpus, up.MemoryBytes));
        var echo = await lab.Vm("mine").ExecAsync(new GuestProgram("echo", ["hello"]), LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        Assert.Equal("hello\n", Encoding.UTF8.GetString(echo.Stdout.Span));
        var uptime = await lab.Vm("mine").ReadUptimeAsync(TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.True(uptime is { QemuSeconds: null, GuestSeconds: > 0 });
        await lab.Vm("mine").ReadConsoleAsync(from: null, 1024, TestContext.Current.CancellationToken)
            .FirstAsync(chunk => chunk.Bytes.Length > 0, TestContext.Current.CancellationToken);
        var powerdown = await lab.DoAsync("mine", VmAction.Powerdown);
        Assert.True(powerdown.State == OperationState.Succeeded, powerdown.Error);
    }

    private static ForeignQemu StartTls(string folder, int port) => ForeignQemu.Start(
        "-object", $"tls-creds-x509,id=tls0,dir={folder},endpoint=server,verify-peer=on",
        "-chardev", $"socket,id=qmp,host=127.0.0.1,port={port},server=on,wait=off,tls-creds=tls0",
        "-mon", "chardev=qmp,mode=control");

    private static LabOnThisMachine Open(int port, string credentials) =>
        LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: 127.0.0.1:{port}, tls: {credentials}"));

    /// <summary>Why there is no connection, once somebody listens.</summary>
    private static async Task<string> WhyNotAsync(int port, string credentials)
    {
        await using var lab = Open(port, credentials);
        var state = await lab.UntilAsync("mine", s => s.Connection is QmpLinkState.Lost lost && !lost.Reason.Contains("refused", StringComparison.Ordinal));
        return ((QmpLinkState.Lost)state.Connection).Reason;
    }
}
