using LabNet.Core.Devices;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Traffic;

/// <summary>Real QEMU: what is captured is what the guest sent and received, whatever happens meanwhile, and nothing of it stays in QEMU.</summary>
[Trait("suite", "qemu")]
public sealed class CaptureQemuTests
{
    private const string Gateway = "10.0.2.2";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Two_captures_on_one_NIC_have_what_their_filters_let_through(string architecture)
    {
        await using var lab = await StartAsync(architecture);
        var all = await lab.CaptureAsync(nics: Nic);
        var pings = await lab.CaptureAsync("icmp and host 10.0.2.2 and greater 542", nics: Nic);
        var began = DateTimeOffset.UtcNow;
        await lab.InGuestAsync("box", $"ping -n -c 4 -i 0.2 -s 500 {Gateway}; bash -c 'echo hello > /dev/udp/{Gateway}/9'");
        pings = await lab.StopAsync(pings);
        all = await lab.StopAsync(all);
        Assert.Equal((CaptureEnd.Asked, CaptureEnd.Asked), (pings.End, all.End));

        var found = lab.Read(pings);
        Assert.Equal([8, 0, 8, 0, 8, 0, 8, 0], found.Select(packet => (int)PacketParser.Parse(packet.Frame).IcmpType!.Value));
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4], found.Select(packet => PacketParser.Parse(packet.Frame).EchoSequence!.Value));
        Assert.All(found, packet => Assert.Equal((542, 542), (packet.Bytes, packet.Frame.Length)));
        var both = lab.Read(all, "icmp and greater 542");
        Assert.Equal(found.Select(packet => Convert.ToHexString(packet.Frame)), both.Select(packet => Convert.ToHexString(packet.Frame)));

        // The other capture began before this one and ended behind it; what passed between the first ping and the datagram both have seen.
        var datagram = lab.Read(all, "udp dst port 9")[^1];
        var between = lab.Read(all).Count(packet => packet.TimeNs >= both[0].TimeNs && packet.TimeNs <= datagram.TimeNs);
        Assert.InRange(pings.Parts[0].FilteredOut, between - found.Count, all.Packets - pings.Packets);

        // The times are those of this machine's clock, however long QEMU has run.
        Assert.All(found, packet => Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(packet.TimeNs / 1_000_000), began.AddMilliseconds(-50), pings.EndedAt!.Value.AddMilliseconds(50)));

        // The guest's first ping may come late; from there on it keeps its time. That both captures tell the same distances is up to LabNet alone.
        Assert.InRange((found[6].TimeNs - found[2].TimeNs) / 1e6, 390, 2000);
        Assert.All(found.Zip(both), pair => Assert.InRange(Math.Abs((pair.First.TimeNs - found[0].TimeNs) - (pair.Second.TimeNs - both[0].TimeNs)) / 1e6, 0, 10));
        Assert.Empty(await lab.LeftAsync("box"));
    }

    [Fact]
    public async Task A_capture_ends_at_its_size_and_at_its_time_also_while_the_guest_stands_still()
    {
        await using var lab = await StartAsync("x86_64");
        var full = await lab.CaptureAsync(maxBytes: 100_000, nics: Nic);
        await lab.InGuestAsync("box", $"ping -n -c 100 -i 0.01 -s 1400 {Gateway}");
        full = await lab.UntilAsync(full.Id, one => !one.IsRunning);
        Assert.Equal(CaptureEnd.Size, full.End);
        Assert.InRange(full.Bytes, 98_000, 100_000);
        Assert.Equal(full.Packets, lab.Read(full).Count);
        Assert.Equal(PcapFormat.HeaderBytes + full.Bytes, new FileInfo(Path.Join(lab.Lab.Folder, "captures", full.Id, "0.pcap")).Length);

        var timed = await lab.CaptureAsync(duration: TimeSpan.FromSeconds(1), nics: Nic);
        await lab.Lab.DoAsync("box", VmAction.Pause);
        timed = await lab.UntilAsync(timed.Id, one => !one.IsRunning);
        Assert.Equal((CaptureEnd.Time, timed.EndsAt), (timed.End, timed.EndedAt));
        var paused = await lab.CaptureAsync(nics: Nic);
        await lab.Lab.DoAsync("box", VmAction.Resume);
        var resumed = DateTimeOffset.UtcNow;
        await lab.InGuestAsync("box", $"ping -n -c 1 {Gateway}");
        paused = await lab.StopAsync(paused);
        Assert.All(lab.Read(paused, "icmp"), packet => Assert.True(DateTimeOffset.FromUnixTimeMilliseconds(packet.TimeNs / 1_000_000) >= resumed.AddMilliseconds(-50)));
        Assert.NotEmpty(lab.Read(paused, "icmp"));
        Assert.Empty(await lab.LeftAsync("box"));
    }

    [Fact]
    public async Task A_LabNet_that_comes_later_goes_on_with_a_capture_and_neither_loses_nor_repeats_a_packet()
    {
        await using var lab = await StartAsync("x86_64");
        var capture = await lab.CaptureAsync("icmp and dst host 10.0.2.2", nics: Nic);
        await lab.InGuestAsync("box", $"ping -n -c 300 -i 0.01 {Gateway} >/dev/null 2>&1 &");
        await lab.UntilAsync(capture.Id, one => one.Packets > 20);
        await lab.ReplaceLabNetAsync();
        await lab.ReplaceLabNetAsync();
        await lab.UntilAsync(capture.Id, one => one.Packets >= 300);
        capture = await lab.StopAsync(lab.Captures.Find(capture.Id)!);
        Assert.Equal(Enumerable.Range(1, 300), lab.Read(capture).Select(packet => PacketParser.Parse(packet.Frame).EchoSequence!.Value));
        Assert.Equal((300, 0), (capture.Packets, capture.Parts[0].Gaps));
        Assert.Empty(await lab.LeftAsync("box"));
    }

    [Fact]
    public async Task A_capture_ends_soundly_with_its_NIC_and_with_its_VM_and_a_place_that_is_full_stops_no_guest()
    {
        await using var lab = await StartAsync("x86_64", size: "1m");
        var vm = lab.Lab.Vm("box");
        var hotPlug = new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);
        await EndAsync(lab, await hotPlug.BeginPlugAsync(vm, new PlugRequest(PlugKind.VirtioNet, "n1"), LabOnThisMachine.Tester, Cancellation));
        var plugged = await lab.CaptureAsync(nics: new CaptureNic(VmName.Parse("box"), "n1"));
        await EndAsync(lab, (await hotPlug.BeginUnplugAsync(vm, "n1", force: false, deleteFile: true, LabOnThisMachine.Tester, Cancellation))!);
        Assert.Equal(CaptureEnd.NicGone, (await lab.UntilAsync(plugged.Id, one => !one.IsRunning)).End);
        Assert.Empty(await lab.LeftAsync("box"));

        // Nobody reads: QEMU gives up, the guest goes on, and so does the capture when somebody is there again.
        var full = await lab.CaptureAsync(nics: Nic);
        await lab.EndAsync();
        await lab.InGuestAsync("box", $"ping -n -q -f -c 700 -s 1400 {Gateway}");
        Assert.Equal(RunState.Running, (await vm.ReadAsync(RunStateCommands.QueryStatus, Cancellation)).Status);
        lab.BeginAgain();
        await lab.UntilAsync(full.Id, one => one.Parts[0].Gaps == 1);
        var before = lab.Captures.Find(full.Id)!.Packets;
        await lab.InGuestAsync("box", $"ping -n -c 2 {Gateway}");
        await lab.UntilAsync(full.Id, one => one.Packets >= before + 4);

        await lab.Lab.DoAsync("box", VmAction.Kill);
        full = await lab.UntilAsync(full.Id, one => !one.IsRunning);
        Assert.Equal(CaptureEnd.VmGone, full.End);
        Assert.Equal(full.Packets, lab.Read(full).Count);
        Assert.Empty(Directory.GetFiles(vm.Paths.TrafficFolder, "labnet-capture*"));
        await Assert.ThrowsAsync<VmConflictException>(() => lab.CaptureAsync(nics: Nic));
        await lab.Captures.RemoveAsync(full, LabOnThisMachine.Tester, Cancellation);
        Assert.False(Directory.Exists(Path.Join(lab.Lab.Folder, "captures", full.Id)));
    }

    private static CaptureNic Nic { get; } = new(VmName.Parse("box"), "eth0");

    private static Task<TrafficLab> StartAsync(string architecture, string size = "64m") => TrafficLab.StartAsync(
        "captured",
        $$"""
        name: captured
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian, nics: [ user ] }
        """,
        size);

    private static async Task EndAsync(TrafficLab lab, Operation? operation)
    {
        var ended = await lab.Lab.EndAsync(operation!);
        Assert.True(ended.State == OperationState.Succeeded, ended.Error);
    }
}
