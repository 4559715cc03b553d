using System.Diagnostics;
using System.Globalization;
using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Traffic;

/// <summary>Real QEMU, real guests of both architectures, and the relay's own process between them.</summary>
[Trait("suite", "qemu")]
public sealed class RelayQemuTests
{
    private static readonly Impairment Nothing = new(null, null, null, null, null, null);
    private static readonly VmName X86 = VmName.Parse("x86");
    private static readonly NicId Nic = new(0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guests_reach_each_other_over_the_relay_whatever_becomes_of_it_and_of_LabNet()
    {
        await using var lab = await StartAsync();
        Assert.Equal("3 of 3", await PingAsync(lab, "10.10.10.1"));
        Assert.Contains("too long", await PingAsync(lab, "10.10.10.1", packetBytes: 1451), StringComparison.Ordinal);
        var counted = lab.Host.ReadNicCounters(Tap(lab))[0]!;
        Assert.True(counted is { RxPackets: > 3, TxPackets: > 3, RxBytes: > 3 * 1450 }, $"{counted}");
        await ImpairAsync(lab);
        await PlugAsync(lab);
        await StandStillAsync(lab);

        // QEMU sends on into nothing while it is away, and its guest does not stand still.
        var relay = lab.Host.ReadRelay().Process!;
        using (var restarts = lab.Feed.Subscribe(record => record.Item is RelayHappened))
        {
            relay.Kill();
            Assert.Contains("started again", ((RelayHappened)(await restarts.ReadAllAsync(Cancellation).FirstAsync(Cancellation)).Item).Told.Text, StringComparison.Ordinal);
        }

        await UntilPingAsync(lab);
        var second = lab.Host.ReadRelay().Process!;
        Assert.NotEqual(relay, second);

        await lab.ReplaceLabNetAsync();
        await lab.UntilAsync("x86", state => state.Agent is GuestAgentState.Answering);
        Assert.Equal("3 of 3", await PingAsync(lab, "10.10.10.1"));
        Assert.Equal(second, lab.Host.ReadRelay().Process);
        Assert.Null(lab.Host.ReadRelay().Problem);

        // A VM that is started anew finds its place again.
        await lab.DoAsync("x86", VmAction.Kill);
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync("x86", VmAction.Start)).State);
        await lab.UntilAsync("x86", state => state.Agent is GuestAgentState.Answering);
        await UntilPingAsync(lab);
    }

    private static async Task ImpairAsync(LabOnThisMachine lab)
    {
        Assert.All(lab.Impairments.WhatWorks(X86, Nic), ability => Assert.True(ability.Works));
        var until = DateTimeOffset.UtcNow.AddMinutes(5);
        await lab.Impairments.ApplyAsync(X86, Nic, Nothing with { LossPercent = 100 }, ImpairDirection.In, until, seed: 1, Cancellation);
        Assert.Contains("loss % 100", await lab.Impairments.ReadAsync(X86, Nic, Cancellation), StringComparison.Ordinal);
        Assert.Equal("0 of 3", await PingAsync(lab, "10.10.10.1"));
        await lab.Impairments.ApplyAsync(X86, Nic, Nothing with { DelayMs = 60 }, ImpairDirection.Both, until, seed: 1, Cancellation);
        Assert.InRange(await RoundTripMsAsync(lab), 120, 400);
        await lab.Impairments.LiftAsync(X86, Nic, ImpairDirection.Both, Cancellation);
        Assert.Null(await lab.Impairments.ReadAsync(X86, Nic, Cancellation));
        Assert.InRange(await RoundTripMsAsync(lab), 0, 100);
    }

    /// <summary>A relay that does nothing costs frames. QEMU and its guest do not wait for it.</summary>
    private static async Task StandStillAsync(LabOnThisMachine lab)
    {
        var relay = $"{lab.Host.ReadRelay().Process!.Pid}";
        await SignalAsync("-STOP");
        try
        {
            Assert.Contains(" 0 received", await InGuestAsync(lab, "x86", "ping -n -c 400 -i 0.002 -W 1 -s 1422 10.10.10.1 2>&1 || true"), StringComparison.Ordinal);
            Assert.Equal("here\n", await InGuestAsync(lab, "x86", "echo here"));
            Assert.True((await lab.Vm("x86").ReadAsync(RunStateCommands.QueryStatus, Cancellation)).Running);
        }
        finally
        {
            await SignalAsync("-CONT");
        }

        await UntilPingAsync(lab);

        async Task SignalAsync(string signal)
        {
            using var kill = Process.Start("kill", [signal, relay]);
            await kill.WaitForExitAsync(Cancellation);
        }
    }

    private static async Task PlugAsync(LabOnThisMachine lab)
    {
        var hotPlug = new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);
        var vm = lab.Vm("x86");
        var plugged = await lab.EndAsync(await hotPlug.BeginPlugAsync(vm, new PlugRequest(PlugKind.VirtioNet, "n1", Link: LinkName.Parse("lab")), LabOnThisMachine.Tester, Cancellation));
        Assert.True(plugged.State == OperationState.Succeeded, plugged.Error);
        var device = Assert.Single(vm.State.Plugged);
        Assert.Equal("", await InGuestAsync(lab, "x86", $"ip link set {device.GuestName} up && ip addr add 10.20.0.1/24 dev {device.GuestName}"));
        Assert.Equal("", await InGuestAsync(lab, "arm", "ip addr add 10.20.0.2/24 dev eth0"));
        Assert.Equal("3 of 3", await PingAsync(lab, "10.20.0.2"));
        Assert.True(lab.Host.ReadNicCounters(device.Tap!)[0] is { RxPackets: > 0 });

        // Its port is the VM's own until it is unplugged, and free again afterwards.
        var unplugged = await lab.EndAsync((await hotPlug.BeginUnplugAsync(vm, "n1", force: false, deleteFile: false, LabOnThisMachine.Tester, Cancellation))!);
        Assert.True(unplugged.State == OperationState.Succeeded, unplugged.Error);
    }

    private static async Task<LabOnThisMachine> StartAsync()
    {
        const string Vm = "memory: 256M, cpus: 1, image: debian";
        var lab = LabOnThisMachine.Open($$"""
            name: relayed
            hosts:
              ares: { kind: namespace, address: 10.98.0.1 }
              zeus: { kind: namespace, address: 10.98.0.2 }
            links:
              lab: { vni: 100, transport: relay }
            vms:
              x86: { host: ares, arch: x86_64, {{Vm}}, nics: [ { link: lab, address: 10.10.10.2/24 } ] }
              arm: { host: zeus, arch: aarch64, {{Vm}}, nics: [ { link: lab, address: 10.10.10.1/24 } ] }
            """);
        await Task.WhenAll(UpAsync("x86"), UpAsync("arm"));
        return lab;

        async Task UpAsync(string vm)
        {
            var operation = await lab.DoAsync(vm, VmAction.Start);
            Assert.True(operation.State == OperationState.Succeeded, operation.Error);
            Assert.Null((await lab.UntilAsync(vm, state => state.Guest is not null || state.Problem is not null)).Problem);
        }
    }

    private static string Tap(LabOnThisMachine lab) => InterfaceNames.Of(lab.Vms.Lab).Tap(X86, Nic);

    private static async Task UntilPingAsync(LabOnThisMachine lab)
    {
        while (await PingAsync(lab, "10.10.10.1") != "3 of 3")
        {
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>From x86, with "don't fragment": how many came back, or what ping complains of.</summary>
    private static async Task<string> PingAsync(LabOnThisMachine lab, string address, int packetBytes = 1450)
    {
        var output = await InGuestAsync(lab, "x86", $"ping -n -c 3 -i 0.2 -W 1 -M do -s {packetBytes - 28} {address} 2>&1 || true");
        return PingOutput.TryParse(output, out var sent, out var received, out _) && !output.Contains("too long", StringComparison.Ordinal) ? $"{received} of {sent}" : output;
    }

    private static async Task<double> RoundTripMsAsync(LabOnThisMachine lab)
    {
        var output = await InGuestAsync(lab, "x86", "ping -n -c 3 -i 0.2 -W 1 10.10.10.1 2>&1 || true");
        Assert.True(PingOutput.TryParse(output, out _, out _, out var medianMs), output);
        return medianMs ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"nothing came back: {output}"));
    }

    private static async Task<string> InGuestAsync(LabOnThisMachine lab, string vm, string script)
    {
        var result = await lab.Vm(vm).ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        return Encoding.UTF8.GetString(result.Stdout.Span) + Encoding.UTF8.GetString(result.Stderr.Span);
    }
}
