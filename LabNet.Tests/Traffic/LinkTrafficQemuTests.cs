using System.Diagnostics;
using System.IO.Pipelines;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

/// <summary>Two guests of two architectures on one link: both ends see the same packets, and each is counted once.</summary>
[Trait("suite", "qemu")]
public sealed class LinkTrafficQemuTests
{
    private const string LabFile = """
        name: two-ends
        hosts:
          left: { kind: namespace, address: 10.96.0.1 }
          right: { kind: namespace, address: 10.96.0.2 }
        links:
          lab: { vni: 960, port: 4796 }
        vms:
          x86: { host: left, arch: x86_64, memory: 256M, cpus: 1, image: debian, nics: [ { link: lab, address: 10.96.10.2/24 } ] }
          arm: { host: right, arch: aarch64, memory: 256M, cpus: 1, image: debian, nics: [ { link: lab, address: 10.96.10.1/24 } ] }
        """;

    private static readonly CaptureNic[] BothEnds = [new(VmName.Parse("x86"), "eth0"), new(VmName.Parse("arm"), "eth0")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_ends_of_a_ping_agree_and_flows_count_each_packet_once_over_a_restart_of_LabNet()
    {
        await using var lab = await TrafficLab.StartAsync("two-ends", LabFile, hasNetwork: true);
        var capture = await lab.CaptureAsync("icmp", nics: BothEnds);
        Assert.Contains("10 received", await lab.InGuestAsync("x86", "ping -n -c 10 -i 0.5 -s 1000 10.96.10.1 2>&1 || ip address"), StringComparison.Ordinal);
        capture = await lab.StopAsync(capture);
        Assert.Equal((20L, 20L), (capture.Parts[0].Packets, capture.Parts[1].Packets));
        var lines = await TsharkAsync(lab, capture);
        var ends = lines.GroupBy(line => line.Interface).ToDictionary(group => group.Key, group => group.Select(line => (line.Type, line.Sequence)).ToList());
        Assert.Equal(["arm/eth0", "x86/eth0"], ends.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(ends["x86/eth0"], ends["arm/eth0"]);
        Assert.Equal(20, ends["x86/eth0"].Distinct().Count());
        Assert.Equal(lines.Select(line => line.Time).Order(), lines.Select(line => line.Time));

        // What one end sends the other has not had before, but for what the clocks of two QEMUs cannot tell.
        foreach (var packet in lines.GroupBy(line => (line.Type, line.Sequence)))
        {
            Assert.InRange(Math.Abs(packet.First().Time - packet.Last().Time), 0, 0.1);
        }

        await FlowsAsync(lab);
        await PathMtuAsync(lab);
    }

    private static async Task FlowsAsync(TrafficLab lab)
    {
        const int Datagrams = 400;
        await UntilCountedAsync(lab, flow => flow.Protocol == "ICMP", packets: 20);
        var pings = (await lab.FlowsAsync()).Where(flow => flow.Protocol == "ICMP").ToList();
        Assert.Equal((10L, 10L), (pings.Where(flow => flow.From == BothEnds[0]).Sum(flow => flow.Packets), pings.Where(flow => flow.From == BothEnds[1]).Sum(flow => flow.Packets)));
        Assert.All(pings, flow => Assert.Equal(1042 * flow.Packets, flow.Bytes));
        await lab.InGuestAsync("x86", $"python3 -c \"import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nfor i in range({Datagrams}): s.sendto(b'x'*100,('10.96.10.1',7777)); time.sleep(0.005)\" >/dev/null 2>&1 &");
        await lab.ReplaceLabNetAsync();
        await UntilCountedAsync(lab, flow => flow.DestinationPort == 7777, Datagrams);
        await lab.ReplaceLabNetAsync();
        var datagrams = (await lab.FlowsAsync()).Where(flow => flow.Protocol == "UDP" && flow.DestinationPort == 7777).ToList();
        Assert.Equal(Datagrams, datagrams.Sum(flow => flow.Packets));
        Assert.All(datagrams, flow => Assert.Equal(("10.96.10.2", "10.96.10.1", BothEnds[0]), (flow.Source, flow.Destination, flow.From)));
    }

    private static async Task PathMtuAsync(TrafficLab lab)
    {
        var link = LinkName.Parse("lab");
        Assert.True(Ipv4Address.TryParse("10.96.10.1", out var address));
        var well = await PathMtuProbe.MeasureAsync(link, lab.Lab.Vm("x86"), VmName.Parse("arm"), address, TimeProvider.System, Cancellation);
        Assert.Equal((1450, null, 1451, false, "1450 bytes fit."), (well.FitsBytes, well.VanishesBytes, well.RefusedBytes, well.IsBlackHole, well.Told));

        // A bridge drops what is too large for one of its ports, and tells nobody.
        var left = HostName.Parse("left");
        await RunAsync("ip", "link", "set", InterfaceNames.Of(lab.Lab.Vms.Lab).Vxlan(left, link), "mtu", "1300");
        var hole = await PathMtuProbe.MeasureAsync(link, lab.Lab.Vm("x86"), VmName.Parse("arm"), address, TimeProvider.System, Cancellation);
        Assert.Equal((1300, 1301, true, "a black hole: 1300 bytes fit, 1301 vanish without an error."), (hole.FitsBytes, hole.VanishesBytes, hole.IsBlackHole, hole.Told));
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>The rest of them was sent while no LabNet was there, or another one.</summary>
    private static async Task UntilCountedAsync(TrafficLab lab, Func<FlowMinute, bool> wanted, int packets)
    {
        using var changes = lab.Lab.Feed.Subscribe(record => record.Item is FlowsChanged);
        await foreach (var _ in changes.ReadAllAsync(Cancellation))
        {
            if ((await lab.FlowsAsync()).Where(wanted).Sum(flow => flow.Packets) >= packets)
            {
                return;
            }
        }
    }

    private static async Task<IReadOnlyList<(string Interface, double Time, int Type, int Sequence)>> TsharkAsync(TrafficLab lab, Capture capture)
    {
        var path = Path.Join(lab.Lab.Folder, "both.pcapng");
        await using (var file = File.Create(path))
        {
            using var packets = lab.Captures.OpenPackets(capture);
            var output = PipeWriter.Create(file);
            await packets.WriteAsync(CaptureFilter.All, output, Cancellation);
            await output.CompleteAsync();
        }

        string[] arguments = ["-n", "-r", path, "-T", "fields", "-e", "frame.interface_name", "-e", "frame.time_epoch", "-e", "icmp.type", "-e", "icmp.seq"];
        using var tshark = Process.Start(new ProcessStartInfo("tshark", arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var told = await tshark.StandardOutput.ReadToEndAsync(Cancellation);
        await tshark.WaitForExitAsync(Cancellation);
        return [.. told.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).Select(words => (words[0], double.Parse(words[1]), int.Parse(words[2]), int.Parse(words[3].Split(',')[0])))];
    }
}
